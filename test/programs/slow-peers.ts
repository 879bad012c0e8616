// Opens connections that say nothing, or a byte now and then, until it is killed. It says when all are there, and then how many
// of them the listener has closed. What they begin with is in hex: an argument has no NUL.
import { connect, type NetConnectOpts, type Socket } from "node:net";

const [address, count, opening] = process.argv.slice(2);
const { protocol, hostname, port, pathname } = new URL(address.replace(/^(tcp|ws):/, "http:"));
const to: NetConnectOpts = protocol === "unix:" ? { path: pathname } : { host: hostname, port: Number(port) };
const open = new Set<Socket>();
let came = 0;
let left = 0;
const tell = (): void => {
  if (came === Number(count)) process.stdout.write(`closed ${left}\n`);
};
for (let peer = 0; peer < Number(count); peer++) {
  const socket = connect(to);
  let isThere = false;
  const arrive = (): void => {
    if (isThere) return;
    isThere = true;
    came++;
    tell();
  };
  socket.on("error", () => undefined).resume();
  socket.once("connect", () => {
    if (peer % 3 > 0) socket.write(Buffer.from(opening, "hex")); // a third never says a word
    if (peer % 3 > 1) open.add(socket);
    arrive();
  });
  socket.once("close", () => {
    open.delete(socket);
    left++;
    if (isThere) tell();
    else arrive();
  });
}
let turn = 0;
setInterval(() => {
  const all = [...open];
  for (let i = 0; i < Math.min(5, all.length); i++) all[turn++ % all.length].write("x");
}, 20);
