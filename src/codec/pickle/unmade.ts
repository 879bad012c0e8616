/** Stands for what is not made while a pickle is read only to learn about its dicts: a dict, or what a call gives. */
export class Unmade {
  constructor(
    /** Which dict of the pickle it is, from 0; -1 for what is none. */
    readonly dict: number,
  ) {}
}
