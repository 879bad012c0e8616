import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { BenchedLock } from "./benched-lock.js";

const address = { host: "127.0.0.1", port: 6379 };

/** As Redis' own manual writes the release of a lock: only who holds it may delete it. */
const releaseScript = 'if redis.call("get",KEYS[1]) == ARGV[1] then return redis.call("del",KEYS[1]) else return 0 end';

/** Whether a Redis server answers on this machine. */
export async function redisAnswers(): Promise<boolean> {
  const socket = connect(address);
  socket.setTimeout(500, () => socket.destroy(new Error("no answer")));
  try {
    await once(socket, "connect");
    return (await ask(socket, ["PING"])) === "+PONG";
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** A lock on one Redis server, as its manual says: SET NX PX and a script; who finds it taken tries again in 1 ms. */
export async function openRedisLock(key: string): Promise<BenchedLock> {
  const socket = connect(address).setNoDelay();
  await once(socket, "connect");
  const token = randomUUID();
  const acquire = async (): Promise<void> => {
    while ((await ask(socket, ["SET", key, token, "NX", "PX", "30000"])) !== "+OK") await delay(1);
  };
  const release = async (): Promise<void> => {
    if ((await ask(socket, ["EVAL", releaseScript, "1", key, token])) !== ":1") {
      throw new Error(`redis-lock: ${key} was not held at its release`);
    }
  };
  return {
    async turns(counter, times) {
      for (let i = 0; i < times; i++) {
        await acquire();
        counter[0]++;
        await release();
      }
    },
    acquire,
    release,
    close: () => socket.destroy(),
  };
}

/** Sends one command and gives the line that answers it; all answers here are of one line. */
function ask(socket: Socket, words: readonly string[]): Promise<string> {
  const command = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("");
  socket.write(`*${words.length}\r\n${command}`);
  return new Promise((resolve, reject) => {
    let line = "";
    const came = (chunk: Buffer): void => {
      line += chunk.toString("latin1");
      if (line.endsWith("\r\n")) settle(() => resolve(line.slice(0, -2)));
    };
    const ended = (): void => settle(() => reject(new Error(`redis-lock: no answer to ${words[0]}`)));
    const settle = (finish: () => void): void => {
      socket.off("data", came).off("close", ended);
      finish();
    };
    socket.on("data", came).on("close", ended);
  });
}
