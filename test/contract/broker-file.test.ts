import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { everyBroker } from "./broker.js";

const folder = mkdtempSync(join(tmpdir(), "interproc-file-"));

await everyBroker({
  name: "file:",
  url: (name) => `file:${join(folder, name)}`,
  letterName: (name) => join(folder, name),
  many: 300,
});
