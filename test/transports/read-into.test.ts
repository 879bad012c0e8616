import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, test } from "node:test";
import { readInto } from "#src/transports/read-into.js";

/** Two ends of a TCP connection of which nothing was read. */
async function ends(): Promise<[Socket, Socket]> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const near = connect({ port, allowHalfOpen: true });
  const [[far]] = (await Promise.all([once(server, "connection"), once(near, "connect")])) as [[Socket], unknown];
  server.close();
  return [near, far];
}

describe("reads of sockets", { skip: process.platform === "win32" && "chunks come by data there" }, () => {
  test("smoke: a socket that connected and one that was accepted read into memory that they share", async () => {
    const sockets = await ends();
    const got: string[] = ["", ""];
    const memories = new Set<ArrayBufferLike>();
    for (const [number, socket] of sockets.entries()) {
      const isRead = readInto(socket, (chunk) => {
        memories.add(chunk.buffer);
        got[number] += Buffer.from(chunk).toString("latin1");
      });
      assert.equal(isRead, true, "this Node has other names inside: chunks come by data, with 64 KiB for each");
      socket.on("data", () => assert.fail("nothing comes by data"));
      socket.resume();
    }
    const [near, far] = sockets;
    for (let n = 0; n < 50; n++) {
      near.write(`${n},`);
      far.write("x".repeat(n * 1000));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    near.end();
    far.end();
    await Promise.all(sockets.map((socket) => once(socket, "end")));
    assert.equal(got[1], Array.from({ length: 50 }, (_, n) => `${n},`).join(""));
    assert.equal(got[0].length, (50 * 49 * 1000) / 2);
    assert.equal(memories.size, 1);
    for (const socket of sockets) socket.destroy();
  });

  test("one that is paused reads nothing, and goes on where it was", async () => {
    const [near, far] = await ends();
    let got = "";
    assert.ok(readInto(near, (chunk) => (got += Buffer.from(chunk).toString())));
    near.resume();
    far.write("a");
    while (got === "") await new Promise((resolve) => setTimeout(resolve, 1));
    near.pause();
    far.end("b");
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(got, "a");
    near.resume();
    await once(near, "end");
    assert.equal(got, "ab");
    near.destroy();
    far.destroy();
  });

  test("one of which something was read already is left alone", async () => {
    const [near, far] = await ends();
    far.end("early");
    while (near.readableLength === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    assert.equal(
      readInto(near, () => assert.fail("it goes elsewhere")),
      false,
    );
    near.setEncoding("utf8");
    assert.equal((await once(near, "data"))[0], "early");
    near.destroy();
    far.destroy();
  });

  test("one that reads into a buffer of its maker's is left alone", async () => {
    const server = createServer((socket) => socket.end("x"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    let bytes = 0;
    const callback = (count: number): boolean => {
      bytes += count;
      return true;
    };
    const socket = connect({ port, host: "127.0.0.1", onread: { buffer: Buffer.alloc(10), callback } });
    await once(socket, "connect");
    assert.equal(
      readInto(socket, () => assert.fail("it goes elsewhere")),
      false,
    );
    await once(socket, "close");
    assert.equal(bytes, 1);
    server.close();
  });
});
