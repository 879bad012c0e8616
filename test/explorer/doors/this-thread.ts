// Takes the place of memory/this-thread.js: each party is a thread with a registry of its own.
import type { Registry } from "#src/memory/registry.js";
import { party } from "../party.js";
import { registryOf } from "../registry.js";

export const registry = (): Registry => registryOf(party());
export const isAttached = (): boolean => true;
export const isLeaving = (): boolean => false;
export function beforeLeaving(): void {}
