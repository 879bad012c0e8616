import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import {
  type AsyncConnection,
  type ConnectOptions,
  connect as connectHere,
  type Listener,
  type ListenOptions,
  listen,
} from "interproc";
import { type ConnectionKind, farEnd, type Pair } from "./connection-kind.js";

interface Meeting extends Pick<ConnectionKind, "codec" | "cannotVoid"> {
  readonly name: string;
  /** Where they meet; `FOLDER` stands for a folder for the time of the test, and `NAME` for a name of its own. */
  readonly url: string;
  /** What both say. */
  readonly options?: ListenOptions & ConnectOptions;
  readonly listening?: ListenOptions;
  readonly connecting?: ConnectOptions;
  /** What the connecting end connects to, where that is not the listener's address. */
  readonly target?: (address: string) => string;
  /** How it connects, where that is not `connect` of the package. */
  readonly connect?: (url: string, options: never) => Promise<AsyncConnection>;
}

let meetings = 0;

/** Two ends that met: each pair is a client that connected and what a listener accepted, one listener for all pairs. */
export function meeting({
  name,
  url,
  options,
  listening,
  connecting,
  target = (address) => address,
  connect = connectHere,
  ...rest
}: Meeting): ConnectionKind {
  let listener: Promise<Listener> | undefined;
  let folder: string | undefined;
  after(async () => {
    await (await listener)?.close();
    if (folder) rmSync(folder, { recursive: true });
  });
  const open = (): Promise<Listener> => {
    if (url.includes("FOLDER")) folder = mkdtempSync(join(tmpdir(), "interproc-meeting-"));
    const at = url.replace("FOLDER", folder ?? "").replace("NAME", `meeting-${process.pid}-${++meetings}`);
    return listen(at, { ...options, ...listening });
  };
  let isNearClient = true;
  return {
    name,
    transport: url.slice(0, url.indexOf(":")),
    isElsewhere: false,
    ...rest,
    async connect(): Promise<Pair> {
      listener ??= open();
      const accepting = (await listener).accept();
      const client: AsyncConnection = await connect(target((await listener).address), {
        ...options,
        ...connecting,
      } as never);
      const accepted = await accepting;
      isNearClient = !isNearClient; // every other time the near end is the one that was accepted
      const [near, theirs] = isNearClient ? [client, accepted] : [accepted, client];
      const calls = theirs as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
      return { near, far: farEnd(async (method, args) => calls[method](...args)) };
    },
  };
}
