import type { WaitView } from "../snapshot-model.js";

/** Tells one wait from all others, also from an earlier one of the same thread at the same object. */
export const waitKey = ({ thread, object, waitsFor, token }: WaitView): string =>
  [thread, object, waitsFor, token].join(" ");
