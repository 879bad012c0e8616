/** What a remote call gives: a promise of its result that, where that is a sequence, can be iterated without `await`. */
export class RemoteCall<T> extends Promise<T> implements AsyncIterable<unknown> {
  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void, undefined> {
    yield* (await this) as AsyncIterable<unknown>;
  }
}

// `await` then takes it as the promise that it is, instead of wrapping it, and `then` gives plain promises
Object.defineProperty(RemoteCall.prototype, "constructor", { value: Promise });
