import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { startGateway } from "../gateway/gateway-process.js";
import { everyBroker } from "./broker.js";

const overMemory = await startGateway({ queues: "shm:" });
const overFiles = await startGateway({ queues: `file:${mkdtempSync(join(tmpdir(), "interproc-gateway-"))}/` });
after(() => Promise.all([overMemory.end(), overFiles.end()]));

for (const [behind, { url }] of Object.entries({ "shm:": overMemory, "file:": overFiles }))
  await everyBroker({
    name: `http: over ${behind}`,
    url: (name) => `${url}/queues/${name}`,
    letterName: (name) => name,
    many: 300,
  });
