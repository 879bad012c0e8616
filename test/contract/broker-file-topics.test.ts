import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { startGateway } from "../gateway/gateway-process.js";
import { everyTopic } from "./broker-topic.js";

const folder = mkdtempSync(join(tmpdir(), "interproc-file-topics-"));
const gateway = await startGateway({ topics: `file:${folder}/` });
after(() => gateway.end());

everyTopic({ name: "file:", url: (name) => `file:${join(folder, name)}`, hasGroups: true });
everyTopic({ name: "http: over file:", url: (name) => `${gateway.url}/topics/${name}`, hasGroups: true });
