import type { Connection } from "interproc";

/** A connection of the benchmark: messages are bytes or small objects, in both directions. */
export type Wire = Connection<unknown, unknown>;

/** One way of using a connection; each function moves exactly `count` messages. */
export interface Mode<T> {
  send(wire: Wire, message: (index: number) => T, count: number): Promise<void>;
  receive(wire: Wire, add: (message: T) => void, count: number): Promise<void>;
  /** One round trip: sends, waits for the answer and returns it. Absent where a mode makes no sense for one. */
  trip?(wire: Wire, message: T): Promise<T> | T;
  echo?(wire: Wire, count: number): Promise<void>;
}

const batchSize = 256;

/** The modes in which no form for bytes exists: they carry bytes as values. */
function valueModes<T>(): { "for await": Mode<T>; batch: Mode<T> } {
  return {
    "for await": {
      async send(wire, message, count) {
        for (let i = 0; i < count; i++) await wire.send(message(i));
      },
      async receive(wire, add, count) {
        let seen = 0;
        for await (const message of wire) {
          add(message as T);
          if (++seen === count) return;
        }
        throw new Error(`the pipe ended after ${seen} of ${count} messages`);
      },
    },
    batch: {
      async send(wire, message, count) {
        for (let i = 0; i < count; ) {
          const batch: T[] = [];
          for (const end = Math.min(count, i + batchSize); i < end; i++) batch.push(message(i));
          await wire.sendMany(batch);
        }
      },
      async receive(wire, add, count) {
        for (let seen = 0; seen < count; ) {
          const batch = await wire.recvMany(Math.min(batchSize, count - seen));
          for (const message of batch) add(message as T);
          seen += batch.length;
        }
      },
    },
  };
}

export const objectModes: Record<string, Mode<unknown>> = {
  ...valueModes<unknown>(),
  await: {
    async send(wire, message, count) {
      for (let i = 0; i < count; i++) await wire.send(message(i));
    },
    async receive(wire, add, count) {
      for (let i = 0; i < count; i++) add(await wire.recv());
    },
    async trip(wire, message) {
      await wire.send(message);
      return wire.recv();
    },
    async echo(wire, count) {
      for (let i = 0; i < count; i++) await wire.send(await wire.recv());
    },
  },
  blocking: {
    async send(wire, message, count) {
      for (let i = 0; i < count; i++) wire.sendSync(message(i));
    },
    async receive(wire, add, count) {
      for (let i = 0; i < count; i++) add(wire.recvSync());
    },
    trip(wire, message) {
      wire.sendSync(message);
      return wire.recvSync();
    },
    async echo(wire, count) {
      for (let i = 0; i < count; i++) wire.sendSync(wire.recvSync());
    },
  },
  try: {
    async send(wire, message, count) {
      for (let i = 0; i < count; i++) {
        const next = message(i);
        if (!wire.trySend(next)) await wire.send(next);
      }
    },
    async receive(wire, add, count) {
      for (let i = 0; i < count; i++) add(wire.tryRecv() ?? (await wire.recv()));
    },
  },
  "spinning on try": {
    ...noOneWay<unknown>(),
    trip(wire, message) {
      while (!wire.trySend(message));
      for (;;) {
        const answer = wire.tryRecv();
        if (answer !== undefined) return answer;
      }
    },
    async echo(wire, count) {
      for (let i = 0; i < count; i++) {
        let message = wire.tryRecv();
        while (message === undefined) message = wire.tryRecv();
        while (!wire.trySend(message));
      }
    },
  },
};

export const bytesModes: Record<string, Mode<Uint8Array>> = {
  ...valueModes<Uint8Array>(),
  await: {
    async send(wire, message, count) {
      for (let i = 0; i < count; i++) await wire.sendBytes(message(i));
    },
    async receive(wire, add, count) {
      for (let i = 0; i < count; i++) add(await wire.recvBytes());
    },
    async trip(wire, message) {
      await wire.sendBytes(message);
      return wire.recvBytes();
    },
    async echo(wire, count) {
      for (let i = 0; i < count; i++) await wire.sendBytes(await wire.recvBytes());
    },
  },
  blocking: {
    async send(wire, message, count) {
      for (let i = 0; i < count; i++) wire.sendBytesSync(message(i));
    },
    async receive(wire, add, count) {
      for (let i = 0; i < count; i++) add(wire.recvBytesSync());
    },
    trip(wire, message) {
      wire.sendBytesSync(message);
      return wire.recvBytesSync();
    },
    async echo(wire, count) {
      for (let i = 0; i < count; i++) wire.sendBytesSync(wire.recvBytesSync());
    },
  },
  try: {
    async send(wire, message, count) {
      for (let i = 0; i < count; i++) {
        const next = message(i);
        if (!wire.trySendBytes(next)) await wire.sendBytes(next);
      }
    },
    async receive(wire, add, count) {
      for (let i = 0; i < count; i++) add(wire.tryRecvBytes() ?? (await wire.recvBytes()));
    },
  },
  "spinning on try": {
    ...noOneWay<Uint8Array>(),
    trip(wire, message) {
      while (!wire.trySendBytes(message));
      for (;;) {
        const answer = wire.tryRecvBytes();
        if (answer !== undefined) return answer;
      }
    },
    async echo(wire, count) {
      for (let i = 0; i < count; i++) {
        let message = wire.tryRecvBytes();
        while (message === undefined) message = wire.tryRecvBytes();
        while (!wire.trySendBytes(message));
      }
    },
  },
};

/** Bytes received into one buffer; `add` gets the part of it that a message fills. */
export function intoModes(target: Uint8Array): Record<string, Mode<Uint8Array>> {
  return {
    await: {
      ...(bytesModes.await as Mode<Uint8Array>),
      async receive(wire, add, count) {
        for (let i = 0; i < count; i++) add(target.subarray(0, await wire.recvBytesInto(target)));
      },
    },
    blocking: {
      ...(bytesModes.blocking as Mode<Uint8Array>),
      async receive(wire, add, count) {
        for (let i = 0; i < count; i++) add(target.subarray(0, wire.recvBytesIntoSync(target)));
      },
    },
  };
}

function noOneWay<T>(): Pick<Mode<T>, "send" | "receive"> {
  const refuse = (): Promise<never> => Promise.reject(new Error("this mode is for round trips only"));
  return { send: refuse, receive: refuse };
}
