const SCRIPT = `#!/usr/bin/env python3
"""A worker for interproc: spawnProgram("python3", ["worker.py"], { connection: "python" }).

It needs nothing but Python's standard library. Each message is a request, and is answered in turn.
"""
import os
from multiprocessing.connection import Connection


def handle(request):
    """Whatever your program is for: takes a message, gives the answer."""
    return {"you said": request, "from process": os.getpid()}


def main():
    # the descriptor that interproc has opened for this process
    with Connection(int(os.environ["INTERPROC_FD"])) as conn:
        while True:
            try:
                request = conn.recv()
            except EOFError:
                break  # the other side has closed, or is gone
            try:
                conn.send(handle(request))
            except BrokenPipeError:
                break


if __name__ == "__main__":
    main()
`;

const PROGRAM = `import { spawnProgram } from "interproc";

const worker = spawnProgram("python3", ["worker.py"], { connection: "python" });
await worker.connection.send({ numbers: [1, 2, 3] });
console.log(await worker.connection.recv());
worker.connection.close();
`;

/** Prints a Python worker to start from. Gives the exit code. */
export function python({ json, node }: { json?: boolean; node?: boolean }): number {
  if (json) process.stdout.write(`${JSON.stringify({ "worker.py": SCRIPT, "main.ts": PROGRAM }, null, 2)}\n`);
  else process.stdout.write(node ? PROGRAM : SCRIPT);
  return 0;
}
