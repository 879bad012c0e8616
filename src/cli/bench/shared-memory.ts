import { Semaphore, SharedMemory, task } from "../../index.js";
import { answerMessages } from "./answer-messages.js";
import type { Channel } from "./channel.js";
import { ChannelWire } from "./channel-wire.js";
import type { Mechanism } from "./mechanism.js";
import { MemorySlots } from "./memory-slots.js";
import { spawnPeer } from "./spawn-peer.js";

/** The semaphores of one direction. */
interface Signals {
  readonly free: Semaphore;
  readonly full: Semaphore;
}

const answerMemory = task(
  import.meta,
  function answerMemory(block: SharedMemory, mostBytes: number, there: Signals, back: Signals): Promise<void> {
    return answerMessages(channelOver(block, mostBytes, back, there, 1));
  },
);

/** `SharedMemory` with two semaphores for each way: what a program builds that wants its bytes in a block. */
export const sharedMemoryMechanism: Mechanism = {
  traits: {
    name: "shared-memory",
    title: "shared memory + semaphores",
    carries: "messages",
    reach: ["machine"],
    survives: "sender",
    hasManyTakers: false,
    blocks: false,
    losesMessages: false,
  },
  async open(mostBytes) {
    const block = new SharedMemory({ size: 2 * MemorySlots.bytes(mostBytes) });
    const [there, back] = [signals(), signals()];
    const peer = spawnPeer(answerMemory, [block, mostBytes, there, back]);
    return new ChannelWire(peer, channelOver(block, mostBytes, there, back, 0), () => {
      for (const one of [block, there.free, there.full, back.free, back.full]) one.close();
    });
  },
};

function signals(): Signals {
  return {
    free: new Semaphore(MemorySlots.COUNT, { owned: false }),
    full: new Semaphore(0, { owned: false }),
  };
}

/** `half`: which one of the block this side sends through. */
function channelOver(block: SharedMemory, mostBytes: number, out: Signals, into: Signals, half: 0 | 1): Channel {
  const bytes = MemorySlots.bytes(mostBytes);
  const sending = new MemorySlots(block, half * bytes, mostBytes, out.free, out.full);
  const receiving = new MemorySlots(block, (1 - half) * bytes, mostBytes, into.free, into.full);
  return {
    send: (message) => sending.send(message),
    async sendMany(messages) {
      for (const message of messages) await sending.send(message);
    },
    recv: () => receiving.recv(),
    recvMany: async () => [await receiving.recv()],
  };
}
