import { bindUdp } from "interproc";

// with "idle" nothing is waited for, with "unref" a receive that does not count: both end by themselves
const [how] = process.argv.slice(2);
const onMissed = (count: number): void => {
  throw new Error(`from onMissed ${count}`);
};
const socket = await bindUdp("udp://127.0.0.1:0", how === "throwing" ? { maxKept: 1, onMissed } : {});
const print = async (): Promise<void> => console.log((await socket.recv()).value);
console.log(socket.address);
if (how === "unref") void socket.unref().recv();
if (how === "waiting") await print();
if (how === "throwing") {
  process.once("uncaughtException", ({ message }) => console.log(`uncaught: ${message}`));
  for (const value of ["dropped", "kept"]) await socket.send(value, socket.address);
  while (socket.missed === 0) await new Promise(setImmediate);
  await print();
}
