import { existsSync } from "node:fs";
import { join } from "node:path";
import { HANDLE, StructuredDecoder, StructuredEncoder } from "../codec.js";
import { NotFoundError, UsageError } from "../errors.js";
import { beforeLeaving, registry } from "../memory/this-thread.js";
import { dropFolder, flightFolder } from "../primitives/flight.js";
import { type Descriptor, isHandle, takeHandle } from "../primitives/handle.js";
import { type Carrier, openCarrier } from "./carrier.js";

const PREFIX = "interproc:";
let carrier: Carrier | undefined;

interface Ticket {
  readonly directory: string;
  readonly carrier: string;
  readonly descriptor: Descriptor;
}

/**
 * A string that stands for a shared object, for processes that we did not spawn: a Worker, a cluster worker, a program
 * in another terminal of the same user. It is valid until somebody takes it by `attach`, or this process ends. A pipe's
 * end moves to whoever takes it.
 *
 * @throws UsageError for what is no shared object, and for a pipe's end with a call still waiting on it
 */
export function share(object: object): string {
  if (!isHandle(object))
    throw new UsageError("share(): the argument is no shared object or connection end of interproc");
  carrier ??= openShareCarrier();
  const given = object[HANDLE](carrier.folder);
  given.commit("whoever attaches to it");
  const ticket: Ticket = { directory: registry().directory, carrier: carrier.name, descriptor: given.descriptor };
  return PREFIX + Buffer.from(new StructuredEncoder().encode(ticket)).toString("base64url");
}

/** Its folder goes with this thread, and with it what nobody has taken. */
function openShareCarrier(): Carrier {
  const opened = openCarrier("share");
  beforeLeaving(() => dropFolder(opened.folder));
  return opened;
}

/**
 * The object that a string of `share` stands for.
 *
 * @throws UsageError for a string that `share` did not make, or that belongs to another INTERPROC_DIR
 * @throws NotFoundError when somebody else has taken it, or the sharer is gone
 */
export function attach<T extends object = object>(ticket: string): T {
  const { directory, carrier: from, descriptor } = parse(ticket);
  if (directory !== registry().directory)
    throw new UsageError(
      `attach(): the object lives in ${directory}, and this process uses ${registry().directory}; set INTERPROC_DIR`,
    );
  const folder = flightFolder(from);
  if (!existsSync(join(folder, descriptor.link)))
    throw new NotFoundError("attach(): the object was taken already, or the process that shared it is gone");
  return takeHandle(folder, descriptor) as T;
}

function parse(ticket: string): Ticket {
  try {
    if (!ticket.startsWith(PREFIX)) throw new UsageError("the prefix is missing");
    const bytes = Buffer.from(ticket.slice(PREFIX.length), "base64url");
    const parsed = new StructuredDecoder().decode(bytes, 0, bytes.length) as Ticket;
    const { link } = parsed.descriptor;
    if (/[/\\]/.test(parsed.carrier) || /[/\\]/.test(link)) throw new UsageError("it names a path");
    return parsed;
  } catch (cause) {
    throw new UsageError(`attach(): ${JSON.stringify(String(ticket).slice(0, 40))} is no string made by share()`, {
      cause,
    });
  }
}
