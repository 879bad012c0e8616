import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answerMessages } from "#src/cli/bench/answer-messages.js";
import { ChannelWire, type SendWindow } from "#src/cli/bench/channel-wire.js";
import { Inbox } from "#src/cli/bench/inbox.js";
import { message } from "#src/cli/bench/message.js";

const WATCHDOG = { timeout: 60_000 };

/** A wire and the side that answers it, in one thread; what is between them may do something to each message. */
function wired(
  between: (sent: Uint8Array) => Uint8Array[] = (sent) => [sent],
  window?: SendWindow,
  onAnswer: (answer: Uint8Array) => void = () => undefined,
) {
  const [there, back] = [new Inbox(), new Inbox()];
  const batches: number[] = [];
  const channel = (out: Inbox, into: Inbox, pass: typeof between) => ({
    send: async (bytes: Uint8Array) => {
      for (const one of pass(bytes.slice())) out.add(one);
    },
    sendMany: async (messages: readonly Uint8Array[]) => {
      batches.push(messages.length);
      for (const bytes of messages) for (const one of pass(bytes.slice())) out.add(one);
    },
    recv: async () => {
      const answer = await into.recv();
      onAnswer(answer);
      return answer;
    },
    recvMany: () => into.recvMany(),
  });
  void answerMessages(channel(back, there, (sent) => [sent]));
  const ended: string[] = [];
  const peer = {
    failed: new Promise<never>(() => undefined),
    end: async () => {
      ended.push("peer");
    },
  };
  const wire = new ChannelWire(peer, channel(there, back, between), () => ended.push("clean-up"), window);
  return { wire, batches, ended };
}

describe("the messages of interproc bench", WATCHDOG, () => {
  test("smoke: trips come back, floods are counted, in any order of both", async () => {
    const { wire } = wired();
    for (const bytes of [16, 64, 1000]) {
      assert.equal(await wire.trip(bytes), true);
      for (const count of [1, 2, 63, 64, 65, 1000]) assert.equal(await wire.flood(bytes, count), count);
      assert.equal(await wire.trip(bytes), true);
    }
  });

  test("a flood goes in batches of at most 64 messages and 64 KiB, at least one", async () => {
    const batchesOf = async (bytes: number, count: number): Promise<number[]> => {
      const { wire, batches } = wired();
      await wire.flood(bytes, count);
      return batches;
    };
    assert.deepEqual(await batchesOf(64, 130), [64, 64, 2]);
    assert.deepEqual(await batchesOf(16_384, 6), [4, 2]);
    assert.deepEqual(await batchesOf(2 ** 20, 2), [1, 1]);
  });

  test("with a window no more than two of them are under way unconfirmed", async () => {
    let [sent, confirmed, most] = [0, 0, 0];
    const count = (bytes: Uint8Array): Uint8Array[] => {
      most = Math.max(most, ++sent - confirmed);
      return [bytes];
    };
    const { wire } = wired(count, { bytes: 64 * 100, messages: 1000 }, (receipt) => {
      confirmed = message.total(receipt);
    });
    assert.equal(await wire.flood(64, 2000), 2000);
    assert.equal(confirmed, 2000);
    assert.ok(most <= 2 * 128 && most > 128, `${most}`); // a window of 100 ends with a batch of 64
  });

  test("a message that was lost or doubled fails the flood that it was in", async () => {
    let passed = 0;
    const losing = wired((sent) => (++passed === 50 ? [] : [sent]));
    await assert.rejects(losing.wire.flood(64, 100), /counted 99 messages of 100/);
    passed = 0;
    const doubling = wired((sent) => (++passed === 50 ? [sent, sent] : [sent]));
    await assert.rejects(doubling.wire.flood(64, 100), /counted 101 messages of 100/);
  });

  test("an answer of another length, or to another message, fails the trip", async () => {
    const cut = wired((sent) => [sent.slice(0, 20)]);
    await assert.rejects(cut.wire.trip(64), /64 bytes came back as 20/);
    const older = message.echo(64);
    const { wire } = wired(() => [older]);
    await assert.rejects(wire.trip(64), /or as another message/);
  });

  test("closing ends the other side first, and cleans up also when that fails", async () => {
    const { wire, ended } = wired();
    await wire.close();
    assert.deepEqual(ended, ["peer", "clean-up"]);
    const stuck = wired();
    stuck.wire.peer.end = () => Promise.reject(new Error("it does not end"));
    await assert.rejects(stuck.wire.close(), /it does not end/);
    assert.deepEqual(stuck.ended, ["clean-up"]);
  });

  test("numbers and totals are what was written, from the least to the largest", () => {
    const sent = message.plain(64);
    for (const number of [0, 1, 255, 256, 65_536, 2 ** 31 - 1, -1, -(2 ** 31)]) {
      message.setNumber(sent, number);
      assert.equal(message.number(sent), number);
    }
    for (const total of [0, 1, 2 ** 32, 2 ** 53 - 1]) assert.equal(message.total(message.receipt(total)), total);
    assert.deepEqual([message.isEcho(sent), message.isAsking(sent)], [false, false]);
  });
});
