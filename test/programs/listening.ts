import { listen } from "interproc";

const [, , mode, url = "tcp://127.0.0.1:0"] = process.argv;
const listener = await listen(url);
console.log(listener.address);
if (mode === "accept") {
  const conn = await listener.accept();
  await conn.send("welcome");
  await conn.recv().catch(() => undefined);
}
// nothing is closed: a process whose work is done ends by itself
