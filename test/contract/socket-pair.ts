import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Two ends of a socket, whichever way it was made. */
export async function socketPair(): Promise<[Socket, Socket]> {
  const folder = mkdtempSync(join(tmpdir(), "interproc-stream-"));
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.listen(join(folder, "socket"));
  await once(server, "listening");
  const mine = connect({ path: join(folder, "socket"), allowHalfOpen: true });
  const [theirs] = (await once(server, "connection")) as [Socket];
  server.close();
  rmSync(folder, { recursive: true });
  return [mine, theirs];
}
