import type { Configuration, View } from "../configuration.js";

const PUT = 0;
const HAD = 1;
const DONE = 2;
/** 1: nothing more is put; 2: and a consumer knows. */
const SHUT = 3;
const GIVEN_BACK = 4;
/** The item that was given back last, counted from 1. */
const IN_FRONT = 5;

/** Items as numbered bits. */
export const itemFacts = {
  put: (view: View): number => view.fact(PUT),
  had: (view: View): number => view.fact(HAD),
  done: (view: View): number => view.fact(DONE),
  shut: (view: View): number => view.fact(SHUT),
};

/**
 * Nothing is lost, nothing comes twice unless it says so, and that only after a death or when it was given back; what was
 * given back comes before all others.
 */
export const queuePromises: Required<Pick<Configuration, "noted">> = {
  noted(view: View, _party: number, what: string, value: number): string | undefined {
    if (what === "corrupt") return "an item is not as it was put";
    const bit = 1 << value;
    const add = (fact: number): void => view.setFact(fact, view.fact(fact) | bit);
    if (what === "put") add(PUT);
    else if (what === "shut down") view.setFact(SHUT, 1);
    else if (what === "saw the end") view.setFact(SHUT, 2);
    else if (what === "gives back") add(GIVEN_BACK);
    else if (what === "is in front") view.setFact(IN_FRONT, value + 1);
    else if (what === "acknowledged") {
      if (view.fact(DONE) & bit) return `item ${value} is acknowledged twice`;
      add(DONE);
    } else {
      if (view.fact(DONE) & bit) return `item ${value} comes after it was acknowledged`;
      if (what === "has" && view.fact(HAD) & bit) return `item ${value} comes twice, and does not say so`;
      if (what === "has again" && !view.someDied && !(view.fact(GIVEN_BACK) & bit))
        return `item ${value} says that it comes again; nobody died or gave it back`;
      if (view.fact(IN_FRONT) !== 0 && view.fact(IN_FRONT) !== value + 1)
        return `item ${value} comes before one that was given back`;
      view.setFact(IN_FRONT, 0);
      add(HAD);
    }
    return undefined;
  },
};
