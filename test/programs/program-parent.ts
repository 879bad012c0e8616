// Has a program run that ends when its input does, or its socket, and prints its pid.
import { spawnProgram } from "interproc";

const reader = `
  const socket = new (require("node:net").Socket)({ fd: Number(process.env.INTERPROC_FD) });
  socket.on("end", () => console.log("end of file")).resume();`;
if (process.argv[2] === "fd") {
  const child = spawnProgram(process.execPath, ["-e", `${reader} console.log(process.pid);`], {
    connection: "lines",
    on: "fd",
  });
  await child.join();
} else {
  const child = spawnProgram("cat", [], { connection: "lines" });
  console.log(child.pid);
}
