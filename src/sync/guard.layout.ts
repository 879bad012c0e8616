import { layout } from "../layout.js";

/** What keeps the words of an object in order while several of them change together. */
export const guardHead = layout("guard", {
  owner: ["u32", "owner word of the thread that is changing the object's words, 0 when none is"],
  wanted: ["u32", "1: somebody found it taken and waits until it is free"],
});
