import { spawn, spawnSync } from "node:child_process";
import { cliPath } from "./run-cli.js";

/** Runs a command on a terminal of its own (Python's), and passes stdin and output on. */
const SCRIPT = `
import fcntl, os, pty, select, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
inputs = [fd, 0]
while True:
    ready, _, _ = select.select(inputs, [], [])
    if 0 in ready:
        data = os.read(0, 1000)
        if data: os.write(fd, data)
        else: inputs.remove(0)
    if fd in ready:
        try: data = os.read(fd, 65536)
        except OSError: break
        if not data: break
        os.write(1, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

/** Why there is no terminal to run commands on, if there is none. */
export const whyNoTerminal = (): string | undefined =>
  spawnSync("python3", ["-c", "import os, pty; os.waitstatus_to_exitcode"]).status === 0
    ? undefined
    : "there is no python3 of 3.9 or newer, whose terminals the test uses";

/** The built command line on a terminal of 100 columns and 24 lines. */
export function onTerminal(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const command = ["-c", SCRIPT, process.execPath, cliPath, ...args];
  const child = spawn("python3", command, {
    env: { ...process.env, TERM: "xterm", LANG: "C.UTF-8", NO_COLOR: "", ...env },
  });
  let shown = "";
  const looks: (() => void)[] = [];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    shown += text;
    for (const look of looks) look();
  });
  return {
    shown: () => shown,
    /** Resolves once what was shown from `from` on is like the pattern. */
    until: (pattern: RegExp, from = 0) =>
      new Promise<void>((resolve) => {
        const look = (): void => {
          if (pattern.test(shown.slice(from))) resolve();
        };
        looks.push(look);
        look();
      }),
    type: (keys: string) => child.stdin.write(keys),
    exit: new Promise<number | null>((resolve) => child.once("close", resolve)),
  };
}
