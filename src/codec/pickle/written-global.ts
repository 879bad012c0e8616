/** Stands in the arguments of what is written for a global of Python's itself. */
export class WrittenGlobal {
  constructor(
    readonly module: string,
    readonly name: string,
  ) {}
}
