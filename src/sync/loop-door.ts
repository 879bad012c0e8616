import { Socket } from "node:net";
import { addon, check, type LoopReader } from "../native/addon.js";

/** How a byte in this thread's FIFO reaches its event loop. */
export interface LoopDoor {
  /** While held, a process with nothing else to do stays alive. */
  hold(held: boolean): void;
}

/**
 * On Node the FIFO is read by libuv through `net.Socket` with `onread`, as cheap as a poll handle. On Bun such a Socket
 * never fires and on Deno it throws, so there the addon's watcher thread reads it and calls back.
 */
export function openLoopDoor(fifo: number, onWake: () => void): LoopDoor {
  return process.versions.bun || process.versions.deno ? throughWatcher(fifo, onWake) : throughSocket(fifo, onWake);
}

function throughSocket(fifo: number, onWake: () => void): LoopDoor {
  check(addon().lend(fifo), "statx", "this thread's FIFO"); // the socket closes it
  const callback = (): boolean => {
    onWake();
    return true;
  };
  // `fd` is in no option type beside the constructor's, and `onread` in none beside connect's: Node takes both together
  const options = { fd: fifo, readable: true, writable: false, onread: { buffer: new Uint8Array(256), callback } };
  const socket = new Socket(options);
  socket.on("error", () => onWake());
  socket.unref();
  return { hold: (held) => void (held ? socket.ref() : socket.unref()) };
}

function throughWatcher(fifo: number, onWake: () => void): LoopDoor {
  const reader = addon().watchRead(fifo, onWake);
  const loopReader = reader as LoopReader;
  return { hold: (held) => void addon().holdLoop(loopReader, held ? 1 : 0) };
}
