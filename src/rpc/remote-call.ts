/** What a remote call gives: a promise of its result that, where that is a sequence, can be iterated without `await`. */
export class RemoteCall<T> extends Promise<T> implements AsyncIterable<unknown> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void, undefined> {
    yield* (await this) as AsyncIterable<unknown>;
  }
}
