import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "./project-root.js";

/** A project as a user of the package has it: strict TypeScript, `interproc` and `@types/node` in node_modules. */
export class UserProject {
  readonly folder = mkdtempSync(join(tmpdir(), "interproc-user-project-"));

  /** The package is this checkout or, when given, what npm unpacks from a tarball. */
  constructor(tarball?: string) {
    this.write("package.json", JSON.stringify({ type: "module", private: true }));
    mkdirSync(join(this.folder, "node_modules"));
    if (tarball !== undefined) this.install(tarball);
    mkdirSync(join(this.folder, "node_modules/@types"), { recursive: true });
    if (tarball === undefined) {
      this.link("interproc", projectRoot);
      this.link("ws", join(projectRoot, "node_modules/ws")); // npm puts it there, as a dependency
    }
    for (const name of ["@types/node", "@types/ws", "undici-types", "@opentelemetry"])
      this.link(name, join(projectRoot, "node_modules", name));
  }

  write(file: string, content: string): void {
    writeFileSync(join(this.folder, file), content);
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), "utf8");
  }

  /** Compiles the files into `out/`; gives what the compiler says, nothing when all is well. */
  compile(files: readonly string[]): string {
    const compilerOptions = {
      strict: true,
      target: "es2022",
      lib: ["esnext"],
      module: "nodenext",
      types: ["node"],
      rootDir: ".",
      outDir: "out",
    };
    this.write("tsconfig.json", JSON.stringify({ compilerOptions, files }));
    const tsc = join(projectRoot, "node_modules/typescript/bin/tsc");
    return spawnSync(process.execPath, [tsc, "-p", this.folder], { encoding: "utf8", cwd: this.folder }).stdout;
  }

  /** Runs a compiled file; one that does not end by itself is killed. */
  run(file: string, timeout = 30_000, env: NodeJS.ProcessEnv = process.env): SpawnSyncReturns<string> {
    const program = join(this.folder, "out", file.replace(/\.ts$/, ".js"));
    return spawnSync(process.execPath, [program], {
      cwd: this.folder,
      env,
      encoding: "utf8",
      timeout,
      killSignal: "SIGKILL",
    });
  }

  private link(name: string, target: string): void {
    if (existsSync(target)) symlinkSync(target, join(this.folder, "node_modules", name));
  }

  private install(tarball: string): void {
    const args = ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", tarball];
    const { status, stderr } = spawnSync("npm", args, { cwd: this.folder, encoding: "utf8" });
    if (status !== 0) throw new Error(`npm ${args.join(" ")} failed with exit code ${status}: ${stderr}`);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
