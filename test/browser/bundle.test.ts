import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { types as nodeTypes } from "node:util";
import { build } from "esbuild";
import { hmac } from "#src/browser/hmac.js";
import { types as pageTypes } from "#src/browser/node-util.js";
import * as pageText from "#src/browser/text.js";
import * as nodeText from "#src/codec/text.js";
import { projectRoot } from "../project-root.js";
import { chooseSeed, SeededRandom } from "../rings/seeded-random.js";

const bundle = join(projectRoot, "dist/browser/interproc.mjs");

/** The names that a program takes from around it: those that the compiler does not know when it is told of nothing. */
function freeNames(code: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), "interproc-bundle-"));
  try {
    writeFileSync(join(folder, "bundle.mjs"), code);
    const tsc = join(projectRoot, "node_modules/typescript/bin/tsc");
    const args = [tsc, "--allowJs", "--checkJs", "--noEmit", "--strict", "false", "--target", "esnext"];
    const options = ["--module", "esnext", "--moduleResolution", "bundler", "--lib", "esnext", "--types", ""];
    const { stdout } = spawnSync(process.execPath, [...args, ...options, "bundle.mjs"], {
      cwd: folder,
      encoding: "utf8",
    });
    const unknown = /error TS(?:2304|2580|2584|2591|2552|18004)[^\n]*?[Cc]annot find name '([^']+)'/g;
    return [...new Set([...stdout.matchAll(unknown)].map(([, name]) => name))].sort();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What pages, workers and newer Nodes have beside the language. */
const platform = new Set([
  ...[
    "AbortController",
    "AbortSignal",
    "MessageChannel",
    "ReadableStream",
    "WritableStream",
    "TextDecoder",
    "TextEncoder",
  ],
  ...[
    "URL",
    "crypto",
    "performance",
    "queueMicrotask",
    "setTimeout",
    "clearTimeout",
    "WebSocket",
    "DOMException",
    "btoa",
  ],
]);

describe("what interproc/browser is made of", () => {
  const code = readFileSync(bundle, "utf8");

  test("smoke: it is one file without imports", () => {
    assert.doesNotMatch(code, /^\s*import\b|\bfrom\s*"|\bimport\(|\brequire\(|["']node:/m);
  });

  test("nothing that is reachable from it imports a module of Node, and each module is ours", async () => {
    const { metafile } = await build({
      entryPoints: [bundle],
      bundle: true,
      write: false,
      metafile: true,
      format: "esm",
      platform: "browser",
    });
    assert.deepEqual(
      Object.values(metafile.inputs).flatMap(({ imports }) => imports),
      [],
    );
    const modules = [...code.matchAll(/^\/\/ (\S+\.m?js)$/gm)].map(([, path]) => path);
    assert.ok(modules.length > 50, `${modules.length} modules are in it`);
    assert.deepEqual(
      modules.filter((path) => !/^build\/src\/([\w-]+|browser|codec|rpc|transports)(\/[\w.-]+)?\.js$/.test(path)),
      [],
    );
  });

  test("it takes from around it what the language has and what every page and worker has, and no more", () => {
    const names = freeNames(code);
    assert.ok(names.includes("MessageChannel") && names.includes("TextEncoder"), `found: ${names.join(", ")}`);
    assert.deepEqual(
      names.filter((name) => !platform.has(name)),
      [],
    );
    assert.deepEqual(freeNames("export const a = [Buffer, process, setImmediate];"), [
      "Buffer",
      "process",
      "setImmediate",
    ]);
  });

  test("its types compile in a strict project that knows of pages and not of Node", () => {
    const folder = mkdtempSync(join(tmpdir(), "interproc-page-project-"));
    try {
      writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
      symlinkSync(projectRoot, join(folder, "interproc"));
      writeFileSync(
        join(folder, "page.ts"),
        `import { connect, expose, remote, type AsyncConnection } from "./interproc/dist/browser/index.js";
         interface Api { add(a: number, b: number): number; count(): AsyncIterable<number> }
         const conn: AsyncConnection = await connect("ws://127.0.0.1:1", { codec: "json", authkey: "k", maxWaitingBytes: 1 });
         expose(conn, { title: () => document.title });
         const sum: number = await remote<Api>(conn).add(1, 2);
         for await (const n of remote<Api>(conn).count()) console.log(n + sum);
         // what follows is refused
         await connect("ws://127.0.0.1:1", { codec: "pickle" });
         await connect("ws://127.0.0.1:1", { framing: "lines" });`,
      );
      const compilerOptions = {
        ...{
          strict: true,
          noEmit: true,
          target: "es2022",
          lib: ["esnext", "dom", "dom.iterable", "dom.asynciterable"],
        },
        ...{ module: "esnext", moduleResolution: "bundler", types: [], preserveSymlinks: true },
      };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["page.ts"] }));
      const tsc = join(projectRoot, "node_modules/typescript/bin/tsc");
      const { stdout } = spawnSync(process.execPath, [tsc, "-p", folder], { cwd: folder, encoding: "utf8" });
      const errors = stdout.split("\n").filter((line) => /error TS/.test(line));
      assert.deepEqual(
        errors.map((line) => /^page\.ts\((\d+),/.exec(line)?.[1] ?? line),
        ["8", "9"],
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("what stands in place of Node's modules", () => {
  test("smoke: hmac gives what Node's gives, for keys and messages of any length", () => {
    const seed = chooseSeed();
    const random = new SeededRandom(seed);
    for (let i = 0; i < 300; i++) {
      const [key, message] = [random.bytes(1 + random.below(200)), random.bytes(random.below(300))];
      const expected = createHmac("sha256", key).update(message).digest("hex");
      assert.equal(Buffer.from(hmac("sha256", key, message)).toString("hex"), expected, `INTERPROC_SEED=${seed}`);
    }
    assert.throws(() => hmac("sha384", new Uint8Array(1), new Uint8Array(1)), { code: "ERR_INTERPROC_AUTHENTICATION" });
  });

  test("text is written and read as Node's module does it", () => {
    const seed = chooseSeed();
    const random = new SeededRandom(seed);
    const lengths = [0, 1, 2, 19, 20, 4096, 4097, 10_000];
    for (const length of [...lengths, ...Array.from({ length: 100 }, () => random.below(300))]) {
      const latin = String.fromCharCode(...random.bytes(length));
      const units = Array.from({ length }, () => random.word() & 0xffff);
      const wide = units.map((unit) => String.fromCharCode(unit)).join("");
      const digits = Buffer.from(random.bytes(length)).toString("hex");
      const latin1 = { text: latin, bytes: length, writes: [pageText.writeLatin1, nodeText.writeLatin1] };
      const utf16 = { text: wide, bytes: 2 * length, writes: [pageText.writeUtf16, nodeText.writeUtf16] };
      const hex = { text: digits, bytes: length, writes: [pageText.writeHex, nodeText.writeHex] };
      for (const { text, bytes, writes } of [latin1, utf16, hex]) {
        const [here, there] = writes.map((write) => {
          const target = new Uint8Array(bytes + 6);
          write(target, text, 3);
          return target;
        });
        assert.deepEqual(here, there, `${writes[0].name} of ${length} (INTERPROC_SEED=${seed})`);
        const read = ({ readLatin1, readUtf16, readHex }: typeof nodeText | typeof pageText): string =>
          text === latin ? readLatin1(here, 3, length) : (text === wide ? readUtf16 : readHex)(here, 3, 3 + bytes);
        assert.equal(read(pageText), text, `${writes[0].name} of ${length}, read (INTERPROC_SEED=${seed})`);
        assert.equal(read(pageText), read(nodeText));
      }
      assert.deepEqual(new Uint8Array(pageText.utf8Of(wide)), new Uint8Array(nodeText.utf8Of(wide)));
      assert.equal(pageText.isWide(wide), nodeText.isWide(wide));
    }
  });

  test("each kind of object is recognised as Node's util does, whatever its prototype", () => {
    const made: readonly object[] = [
      ...[new Map(), new Set(), new Date(), new ArrayBuffer(1), new SharedArrayBuffer(1), /a/, new Error("x")],
      ...[new RangeError("x"), Object(1), Object("s"), Object(true), Object(1n), Object(Symbol("s")), {}, [], () => 1],
    ];
    const bare = made.flatMap((one) => [one, Object.setPrototypeOf(structuredCloneOr(one), Object.prototype)]);
    const fakes = [Map, Set, Date, ArrayBuffer, RegExp, Number, String, Boolean].map((one) =>
      Object.create(one.prototype),
    );
    for (const [name, is] of Object.entries(pageTypes)) {
      if (name === "isProxy" || name === "isNativeError") continue; // a page cannot tell the one, and asks the tag for the other
      const asks = nodeTypes[name as "isMap"] as (value: unknown) => boolean;
      for (const value of [...bare, ...fakes, Map.prototype, RegExp.prototype, Date.prototype, 1, "s", null, undefined])
        assert.equal(is(value), asks(value), `${name} of ${Object.prototype.toString.call(value)}`);
    }
    assert.equal(pageTypes.isNativeError(new RangeError("x")), true);
    assert.equal(pageTypes.isNativeError({}), false);
  });
});

function structuredCloneOr(value: object): object {
  try {
    return structuredClone(value) as object;
  } catch {
    return {};
  }
}
