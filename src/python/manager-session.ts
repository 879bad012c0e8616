/*
 * One connection to a manager of ours: a request, or the calls of one thread of a Python program.
 *
 * Idea    The first message is a request to the manager. "accept_connection" makes it a connection of calls; any other is
 *         answered, and the connection ends.
 * Order   Python sends nothing while it waits for an answer. If something comes then, it is the end of file: nobody waits any
 *         more, and the call's signal fires.
 * Death   What was taken out of a ServedQueue for a client that is gone when the answer is to be sent is put back in front.
 *         An answer that the system has taken and nobody reads is lost.
 * Limits  Only what the registry has, and methods that are exposed, can be reached; what comes is data, whoever sends it.
 */
import type { AsyncConnection } from "../channel.js";
import { PythonError } from "../codec/pickle/python-error.js";
import { PythonTuple } from "../codec/pickle/python-tuple.js";
import { CodecError, EOFError, UsageError } from "../errors.js";
import { describeFailure } from "../rpc/remote-failure.js";
import type { Face } from "./face.js";
import { IteratorFace } from "./iterator-face.js";
import type { Keywords } from "./manager-door.js";
import type { Registry } from "./manager-registry.js";
import { ManagerToken, type TokenAddress } from "./manager-token.js";
import { raise } from "./raise.js";
import type { ServedObjects } from "./served-objects.js";

/** What a session serves. */
export interface Serving {
  readonly registry: Registry;
  readonly objects: ServedObjects;
  readonly address: TokenAddress;
}

type Answer = readonly [kind: string, value: unknown];

/** Serves one connection until it ends. */
export async function serveSession(conn: AsyncConnection, serving: Serving): Promise<void> {
  try {
    const first = await received(conn);
    if (first === undefined) return;
    const [, name, args, keywords] = partsOf(first.message);
    if (name !== "accept_connection") {
      await post(conn, await answerOf(() => request(serving, conn, name, args, keywords), "#TRACEBACK"));
      return;
    }
    await post(conn, ["#RETURN", null]);
    for (let next = await received(conn); next !== undefined; next = await received(conn)) {
      const [id, method, its, words] = partsOf(next.message);
      const answer = await whileThere(conn, (signal) =>
        answerOf(() => callObject(serving, conn.peer.pid, signal, id, method, its, words), "#ERROR"),
      );
      try {
        await post(conn, answer);
      } catch (error) {
        if (answer[0] === "#RETURN") serving.objects.find(id)?.face.takeBack?.(method, answer[1]);
        throw error;
      }
    }
  } finally {
    conn.close();
  }
}

/** The next message; undefined at the end. What cannot be decoded is answered, and the connection goes on. */
async function received(conn: AsyncConnection): Promise<{ readonly message: unknown } | undefined> {
  for (;;)
    try {
      return { message: await conn.recv() };
    } catch (error) {
      if (error instanceof EOFError) return undefined;
      if (!(error instanceof CodecError)) throw error;
      await post(conn, ["#TRACEBACK", `CodecError: ${error.message}`]);
    }
}

/** A request or a call: four parts. */
function partsOf(message: unknown): [unknown, string, unknown[], Keywords] {
  const [first, name, args, keywords] = Array.isArray(message) ? (message as unknown[]) : [];
  const isDict = typeof keywords === "object" && keywords !== null && !(keywords instanceof Map);
  if (typeof name !== "string" || !Array.isArray(args) || !isDict)
    throw new CodecError("a message came that is no request to a manager");
  return [first, name, args as unknown[], keywords as Keywords];
}

async function request(
  { registry, objects }: Serving,
  conn: AsyncConnection,
  name: string,
  args: readonly unknown[],
  keywords: Keywords,
): Promise<unknown> {
  const { pid } = conn.peer;
  const entry = objects.find(args[0]);
  switch (name) {
    case "dummy":
      return null;
    case "number_of_objects":
      return objects.count;
    case "create": {
      const [typeid, ...rest] = args;
      const face = await registry.create(typeid, rest, keywords);
      const id = objects.add(face, String(typeid), pid);
      return new PythonTuple([id, new PythonTuple(face.exposed)]);
    }
    case "get_methods": {
      const token = args[0];
      const named = token instanceof ManagerToken ? objects.find(token.id) : undefined;
      if (!named) throw raise("KeyError", "there is no such object any more");
      return new Set(named.face.exposed);
    }
    case "incref":
      if (!entry) throw raise("KeyError", args[0]);
      objects.hold(entry, pid);
      return null;
    case "decref":
      if (entry) objects.release(entry, pid);
      return null;
    default:
      throw raise("AssertionError", `a manager of Node has no ${name}()`);
  }
}

async function callObject(
  serving: Serving,
  pid: number | undefined,
  signal: AbortSignal,
  id: unknown,
  method: string,
  args: readonly unknown[],
  keywords: Keywords,
): Promise<unknown> {
  const { objects, address } = serving;
  const entry = objects.find(id);
  if (!entry) throw new UsageError("there is no such object any more");
  const { face, typeid } = entry;
  if (method === "#GETVALUE") return face.value();
  if (method === "__str__" || method === "__repr__") return describe(face, typeid);
  if (!face.exposed.includes(method))
    throw new UsageError(`method '${method}' of ${typeid} is not in exposed=(${face.exposed.join(", ")})`);
  const result = (await face.call({ method, args, keywords, signal })) ?? null;
  if (!(result instanceof IteratorFace)) return result;
  const made = objects.add(result, "Iterator", pid);
  return new Proxied(result, new ManagerToken("Iterator", address, made));
}

/** A result that stays here. */
class Proxied {
  constructor(
    readonly face: Face,
    readonly token: ManagerToken,
  ) {}
}

function describe(face: Face, typeid: string): string {
  try {
    const value = face.value();
    return value instanceof Map ? `Map(${value.size}) of Node` : `Array(${(value as unknown[]).length}) of Node`;
  } catch {
    return `<${typeid} of Node>`;
  }
}

/** What a function gives or throws, as an answer. What the manager itself refuses is a traceback, as Python has it. */
async function answerOf(run: () => Promise<unknown>, failureKind: "#ERROR" | "#TRACEBACK"): Promise<Answer> {
  try {
    const value = await run();
    if (!(value instanceof Proxied)) return ["#RETURN", value];
    return ["#PROXY", new PythonTuple([new PythonTuple(value.face.exposed), value.token])];
  } catch (error) {
    if (failureKind === "#ERROR" && !(error instanceof UsageError)) return ["#ERROR", exceptionOf(error)];
    const { name, message, stack } = describeFailure(error);
    const isTold = error instanceof UsageError || error instanceof PythonError || stack === undefined;
    const told = error instanceof UsageError ? `AttributeError: ${message}` : `${name}: ${message}`;
    return ["#TRACEBACK", isTold ? told : `${stack}\n${told}`];
  }
}

/** Errors of Node's become exceptions whose cause has the stack. */
function exceptionOf(error: unknown): Error {
  if (error instanceof PythonError) return error;
  const { name, message, stack } = describeFailure(error);
  const known: Readonly<Record<string, string>> = { TypeError: "TypeError", RangeError: "ValueError" };
  const kind = Object.hasOwn(known, name) ? known[name] : "RuntimeError";
  const text = kind === "RuntimeError" && name !== "Error" ? `${name}: ${message}` : message;
  const cause = new PythonError("multiprocessing.managers", "RemoteError", [stack ?? `${name}: ${message}`]);
  return new PythonError("builtins", kind, [text], { cause });
}

async function post(conn: AsyncConnection, [kind, value]: Answer): Promise<void> {
  try {
    await conn.send(new PythonTuple([kind, value]));
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    await conn.send(new PythonTuple(["#UNSERIALIZABLE", error.message]));
  }
}

/** Runs a call with a signal that fires when its connection ends. */
async function whileThere<T>(conn: AsyncConnection, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const gone = new AbortController();
  const answered = new AbortController();
  const watching = conn.poll({ timeout: Number.POSITIVE_INFINITY, signal: answered.signal }).then(
    () => gone.abort(new Error("the client has gone")),
    () => undefined,
  );
  try {
    return await run(gone.signal);
  } finally {
    answered.abort();
    await watching;
  }
}
