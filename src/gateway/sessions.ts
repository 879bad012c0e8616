import { randomUUID } from "node:crypto";
import { Problem } from "./problem.js";

const BEAT_MS = 15_000;

/** One client's open stream: what is taken in its name goes back when it ends. */
export interface Session {
  readonly id: string;
  readonly visitor: string;
  /** What happens at its end. */
  readonly atEnd: Set<() => void>;
  /** What happens when it shows life. */
  readonly atBeat: Set<() => void>;
}

/** The sessions of clients, each an open stream of events. */
export class Sessions {
  private readonly open = new Map<string, Session & { end(): void }>();

  /** A stream that is a session as long as its client reads it; `gone` is called at its end. */
  stream(visitor: string, gone: () => void): ReadableStream<Uint8Array> {
    const id = randomUUID();
    const session = { id, visitor, atEnd: new Set<() => void>(), atBeat: new Set<() => void>(), end: () => undefined };
    const text = new TextEncoder();
    let beat: NodeJS.Timeout | undefined;
    const end = (): void => {
      clearInterval(beat);
      gone();
      if (this.open.delete(id)) for (const one of [...session.atEnd].reverse()) one();
    };
    return new ReadableStream({
      start: (controller) => {
        this.open.set(id, {
          ...session,
          end: () => {
            end();
            controller.close();
          },
        });
        controller.enqueue(text.encode(`event: session\ndata: ${JSON.stringify({ session: id })}\n\n`));
        beat = setInterval(() => {
          // who does not read does not fill this process's memory
          if ((controller.desiredSize ?? 0) > -16) controller.enqueue(text.encode(": alive\n\n"));
        }, BEAT_MS).unref();
      },
      cancel: end,
    });
  }

  /** @throws Problem 410 when it has ended */
  find(id: string, visitor: string): Session {
    const session = this.open.get(id);
    if (session?.visitor !== visitor)
      throw new Problem(410, "there is no such session; it has ended", { code: "ERR_INTERPROC_ABANDONED" });
    return session;
  }

  /** Whether it is open. */
  has(id: string): boolean {
    return this.open.has(id);
  }

  close(): void {
    for (const session of [...this.open.values()]) session.end();
  }
}
