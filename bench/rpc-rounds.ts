import { type Figures, measureOneWay, measureRoundTrips } from "./rounds.js";
import { callsUnderWay, type RpcQuestion, sequenceLength } from "./rpc-question.js";
import { type RpcRecord, rpcRecord } from "./rpc-record.js";

/** Calls to the other side as the benchmark uses them; those that a peer has no way for are absent. */
export interface BenchedCalls {
  add(a: number, b: number): Promise<number>;
  echo(record: RpcRecord): Promise<RpcRecord>;
  callBack?(fn: (n: number) => number): Promise<number>;
  count?(length: number): AsyncIterable<number>;
  /** Ends the other side. */
  close(): unknown;
}

/** Measures what is asked through `calls`, checks every answer, and ends the other side. */
export async function measureCalls(question: RpcQuestion, calls: BenchedCalls): Promise<Figures> {
  const figures = await measure(question, calls);
  await calls.close();
  return figures;
}

async function measure({ measure, seconds }: RpcQuestion, calls: BenchedCalls): Promise<Figures> {
  switch (measure) {
    case "one":
      return timed(seconds, async (i) => expect(await calls.add(i, 1), i + 1));
    case "object": {
      const record = rpcRecord(0);
      return timed(seconds, async (i) => {
        record.id = i;
        const { id, active, values, tags } = await calls.echo(record);
        expect(id, i);
        expect(String(active), "false");
        expect(values.length + tags.length, record.values.length + record.tags.length);
      });
    }
    case "callback": {
      let called = 0;
      const double = (n: number): number => {
        called++;
        return n * 2;
      };
      return timed(seconds, async () => {
        const before = called;
        expect((await calls.callBack?.(double)) ?? 0, 41);
        expect(called, before + 1);
      });
    }
    case "many":
      return rateOf("callsPerSecond", seconds, async (count) => {
        let next = 0;
        const chain = async (): Promise<void> => {
          while (next < count) {
            const i = next++;
            expect(await calls.add(i, 1), i + 1);
          }
        };
        await Promise.all(Array.from({ length: Math.min(callsUnderWay, count) }, chain));
      });
    case "items":
      return rateOf("callsPerSecond", seconds, async (count) => {
        for (let left = count; left > 0; left -= sequenceLength) {
          const length = Math.min(left, sequenceLength);
          let seen = 0;
          for await (const item of calls.count?.(length) ?? []) expect(item, seen++);
          expect(seen, length);
        }
      });
  }
}

function timed(seconds: number, call: (index: number) => Promise<void>): Promise<Figures> {
  return measureRoundTrips(seconds, async (micros) => {
    for (let i = 0; i < micros.length; i++) {
      const start = performance.now();
      await call(i);
      micros[i] = (performance.now() - start) * 1000;
    }
  });
}

async function rateOf(name: string, seconds: number, calls: (count: number) => Promise<void>): Promise<Figures> {
  const { messagesPerSecond = Number.NaN } = await measureOneWay(seconds, async (count) => {
    const start = performance.now();
    await calls(count);
    return (performance.now() - start) / 1000;
  });
  return { [name]: messagesPerSecond };
}

function expect<T extends number | string>(found: T, wanted: T): void {
  if (found !== wanted) throw new Error(`an answer was ${found} instead of ${wanted}`);
}
