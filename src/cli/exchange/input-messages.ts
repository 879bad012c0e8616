import { isUtf8 } from "node:buffer";
import type { ExchangeOptions } from "./exchange-options.js";
import { jsonLine } from "./json-line.js";

const LINE_END = 10;

/** What stdin holds, as messages: a line each or, with `bytes`, what came at once. */
export async function* inputMessages(
  input: AsyncIterable<Uint8Array>,
  options: Pick<ExchangeOptions, "json" | "bytes">,
): AsyncGenerator<unknown, void, undefined> {
  if (options.bytes) {
    for await (const chunk of input) yield new Uint8Array(chunk);
    return;
  }
  let number = 0;
  for await (const line of lines(input)) yield messageOf(line, ++number, options.json ?? false);
}

async function* lines(input: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, undefined> {
  let begun: Buffer[] = [];
  for await (const chunk of input) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, from)) {
      yield Buffer.concat([...begun, chunk.subarray(from, end)]);
      begun = [];
      from = end + 1;
    }
    if (from < chunk.length) begun.push(Buffer.from(chunk.subarray(from)));
  }
  if (begun.length > 0) yield Buffer.concat(begun);
}

/** A line is text; one that is none stays bytes, so that the same comes out at the other end. */
function messageOf(line: Buffer, number: number, json: boolean): unknown {
  if (json) return jsonLine(line.toString(), number);
  return isUtf8(line) ? line.toString() : new Uint8Array(line);
}
