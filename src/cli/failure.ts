/** What a command ends with when it cannot do what was asked: a sentence for the user, no stack, and the exit code. */
export class Failure extends Error {
  constructor(
    message: string,
    /** 1: it could not be done. 2: it was asked for in a wrong way. 3: not in time. 126, 127: a command that cannot be run. */
    readonly exitCode: 1 | 2 | 3 | 126 | 127 = 1,
  ) {
    super(message);
  }
}
