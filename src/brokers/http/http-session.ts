import { ProtocolError } from "../../errors.js";
import type { GatewayCalls } from "./gateway-calls.js";

const BEAT_MS = 15_000;

/** This end's session at a gateway: a stream that stays open; it is opened when it is needed, again after a cut. */
export class HttpSession {
  private opening: Promise<string> | undefined;
  private beat: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(private readonly calls: GatewayCalls) {}

  /** The session's name. */
  name(operation: string): Promise<string> {
    if (this.opening) return this.opening;
    const opening = this.open(operation);
    this.opening = opening;
    opening.catch(() => this.forget(opening));
    return opening;
  }

  /** The gateway does not know it any more. */
  lose(): void {
    this.opening = undefined;
  }

  close(): void {
    this.isClosed = true;
    clearInterval(this.beat);
  }

  private async open(operation: string): Promise<string> {
    const stream = await this.calls.stream("/session", operation);
    stream.setEncoding("utf8");
    let text = "";
    const name = await new Promise<string>((resolve, reject) => {
      const fail = (): void => reject(new ProtocolError(`${operation}: the gateway has ended the session at once`));
      stream.once("close", fail);
      stream.on("error", fail);
      stream.on("data", (part: string) => {
        if (text.includes("\n\n")) return;
        text += part;
        const [, data] = /^data: (.*)\n\n/m.exec(text) ?? [];
        if (data !== undefined) resolve((JSON.parse(data) as { session: string }).session);
      });
    });
    // not before: until here a call waits for it
    stream.socket?.unref();
    const opening = this.opening;
    stream.once("close", () => this.forget(opening));
    if (this.isClosed) stream.destroy();
    this.beat ??= setInterval(() => this.show(), BEAT_MS).unref();
    return name;
  }

  private show(): void {
    this.opening
      ?.then((name) => this.calls.json("POST", `/session/${name}/beat`, "beat"))
      // a session that is gone is noticed by the next call
      .catch(() => undefined);
  }

  private forget(opening: Promise<string> | undefined): void {
    if (this.opening === opening) this.opening = undefined;
  }
}
