import { type Connection, pipe, task } from "../../index.js";
import { answerMessages } from "./answer-messages.js";
import { ChannelWire } from "./channel-wire.js";
import type { Mechanism } from "./mechanism.js";
import { pipeChannel } from "./pipe-channel.js";
import { spawnPeer } from "./spawn-peer.js";

const answerPipe = task(import.meta, function answerPipe(end: Connection<Uint8Array, Uint8Array>): Promise<void> {
  return answerMessages(pipeChannel(end));
});

/** `pipe()`: both sides await. */
export const pipeMechanism: Mechanism = {
  traits: {
    name: "pipe",
    title: "pipe",
    carries: "messages",
    reach: ["machine"],
    survives: "sender",
    hasManyTakers: false,
    blocks: false,
    losesMessages: false,
  },
  async open() {
    const [mine, theirs] = pipe<Uint8Array, Uint8Array>();
    const peer = spawnPeer(answerPipe, [theirs]);
    return new ChannelWire(peer, pipeChannel(mine), () => mine.close());
  },
};
