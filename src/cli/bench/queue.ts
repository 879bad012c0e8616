import { Queue, task } from "../../index.js";
import { answerMessages } from "./answer-messages.js";
import { ChannelWire } from "./channel-wire.js";
import type { Mechanism } from "./mechanism.js";
import { queueChannel } from "./queue-channel.js";
import { spawnPeer } from "./spawn-peer.js";

/** A queue takes a message of at most a part of its capacity. */
const TIMES_THE_LONGEST = 8;
const LEAST_CAPACITY = 2 ** 20;

const answerQueue = task(
  import.meta,
  function answerQueue(into: Queue<Uint8Array>, out: Queue<Uint8Array>): Promise<void> {
    return answerMessages(queueChannel(out, into));
  },
);

/** `Queue`: one queue for each way. */
export const queueMechanism: Mechanism = {
  traits: {
    name: "queue",
    title: "queue",
    carries: "messages",
    reach: ["machine"],
    survives: "sender",
    hasManyTakers: true,
    blocks: false,
    losesMessages: false,
  },
  async open(mostBytes) {
    const capacity = Math.max(LEAST_CAPACITY, mostBytes * TIMES_THE_LONGEST);
    const there = new Queue<Uint8Array>({ capacity });
    const back = new Queue<Uint8Array>({ capacity });
    const peer = spawnPeer(answerQueue, [there, back]);
    return new ChannelWire(peer, queueChannel(there, back), () => {
      there.close();
      back.close();
    });
  },
};
