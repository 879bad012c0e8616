// Serves a queue to Python's manager clients at a path, until it is killed; with "unref" as long as something else is done.

import { serveManager } from "#src/python/serve-manager.js";
import { ServedQueue } from "#src/python/served-queue.js";

const server = await serveManager(
  `unix:${process.argv[2]}`,
  { jobs: new ServedQueue() },
  { authkey: "secret", md5: true },
);
console.log(server.address);
if (process.argv[3] === "unref") server.unref();
