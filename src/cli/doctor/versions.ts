import { release, type } from "node:os";
import { target } from "../../native/addon.js";
import { packageVersion } from "../package-version.js";
import { type Finding, fail, ok, warn } from "./finding.js";

const LEAST_NODE = [20, 19] as const;

/** What runs here, in which version. */
export function versions(): Finding[] {
  return [ok("interproc", packageVersion()), runtime(), ok("kernel", `${type()} ${release()}`), platform()];
}

function runtime(): Finding {
  const { bun, deno, node } = process.versions;
  const others = { Bun: bun, Deno: deno };
  for (const [name, version] of Object.entries(others))
    if (version !== undefined)
      return warn("runtime", `${name} ${version}`, "the smoke program passes on it; all tests run on Node.js only");
  const [major, minor] = node.split(".").map(Number);
  const isOld = major < LEAST_NODE[0] || (major === LEAST_NODE[0] && minor < LEAST_NODE[1]);
  if (isOld) return fail("runtime", `Node.js ${node}`, `install Node.js ${LEAST_NODE.join(".")} or newer`);
  return ok("runtime", `Node.js ${node}`);
}

function platform(): Finding {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  const glibc = report?.header?.glibcVersionRuntime;
  return ok("platform", glibc === undefined ? target() : `${target()} ${glibc}`);
}
