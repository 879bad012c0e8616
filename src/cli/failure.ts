/** What a command ends with when it cannot do what was asked: a sentence for the user, no stack, and the exit code. */
export class Failure extends Error {
  constructor(
    message: string,
    /** 1: it could not be done. 2: it was asked for in a wrong way. */
    readonly exitCode: 1 | 2 = 1,
  ) {
    super(message);
  }
}
