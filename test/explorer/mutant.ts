import type { Mutation } from "./production.js";

/** One fault put into the code. */
export interface Mutant {
  /** What is wrong with it. */
  readonly title: string;
  /** The configuration that finds it. */
  readonly caughtBy: string;
  readonly mutations: readonly Mutation[];
}

/** Makes one. */
export const mutant = (title: string, caughtBy: string, ...mutations: readonly Mutation[]): Mutant => ({
  title,
  caughtBy,
  mutations,
});
