interface Event {
  readonly event: string;
  readonly data: unknown;
}

/** Reads Server-Sent Events whose data is JSON. */
export class EventStream {
  private text = "";
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(response: Response) {
    if (response.body === null) throw new Error(`no stream: ${response.status}`);
    this.reader = response.body.getReader();
  }

  async next(): Promise<Event> {
    for (;;) {
      const end = this.text.indexOf("\n\n");
      if (end >= 0) {
        const block = this.text.slice(0, end);
        this.text = this.text.slice(end + 2);
        const [, event] = /^event: (.*)$/m.exec(block) ?? [];
        const [, data] = /^data: (.*)$/m.exec(block) ?? [];
        if (event !== undefined && data !== undefined) return { event, data: JSON.parse(data) };
        continue;
      }
      const { value, done } = await this.reader.read();
      if (done) throw new Error("the stream has ended");
      this.text += Buffer.from(value).toString();
    }
  }

  async close(): Promise<void> {
    await this.reader.cancel();
  }
}
