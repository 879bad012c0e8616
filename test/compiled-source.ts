import { readFileSync } from "node:fs";

/** What the compiler made of a module of src, given by its path there: in the package it is a part of one file. */
export function compiledSource(path: string): string {
  return readFileSync(new URL(`../src/${path}`, import.meta.url), "utf8");
}
