import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { type Connection, pipe, task } from "../../index.js";
import type { Mechanism, Wire } from "./mechanism.js";
import { message } from "./message.js";
import type { Peer } from "./peer.js";
import { spawnPeer } from "./spawn-peer.js";

/** A flood goes over so many connections at once, each of which waits for its answer. */
const AT_ONCE = 8;

const answerHttp = task(import.meta, async function answerHttp(told: Connection<number>): Promise<void> {
  let total = 0;
  const server = createServer((asked, answer) => {
    const chunks: Buffer[] = [];
    asked.on("data", (chunk: Buffer) => chunks.push(chunk));
    asked.on("end", () => {
      const body = Buffer.concat(chunks);
      if (message.isEcho(body)) {
        answer.end(body);
      } else if (message.isAsking(body)) {
        answer.end(message.receipt(total));
      } else {
        total++;
        answer.writeHead(204).end();
      }
    });
  });
  const port = await new Promise<number>((done, fail) => {
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => done((server.address() as AddressInfo).port));
  });
  await told.send(port);
  await new Promise(() => undefined); // it serves until it is ended
});

/** node:http with connections that are kept: a POST that sends the body back, and POSTs that are only confirmed. */
export const httpMechanism: Mechanism = {
  traits: {
    name: "http",
    title: "HTTP request",
    carries: "messages",
    reach: ["machine", "network", "browser", "python"],
    survives: "nothing",
    hasManyTakers: false,
    blocks: false,
    losesMessages: false,
  },
  async open(_mostBytes, signal) {
    const [mine, theirs] = pipe<never, number>();
    const peer = spawnPeer(answerHttp, [theirs as unknown as Connection<number>], signal);
    try {
      return new HttpWire(peer, await Promise.race([mine.recv(), peer.failed]));
    } catch (error) {
      await peer.end();
      throw error;
    } finally {
      mine.close();
    }
  },
};

class HttpWire implements Wire {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  private trips = 0;
  private total = 0;

  constructor(
    readonly peer: Peer,
    private readonly port: number,
  ) {}

  async trip(bytes: number): Promise<boolean> {
    const echo = message.echo(bytes);
    const number = ++this.trips | 0;
    message.setNumber(echo, number);
    const answer = await this.post(echo);
    if (answer.length !== bytes || message.number(answer) !== number)
      throw new Error(`${bytes} bytes came back as ${answer.length}, or as another message`);
    return true;
  }

  async flood(bytes: number, count: number): Promise<number> {
    const plain = message.plain(bytes);
    let left = count;
    const postSome = async (): Promise<void> => {
      while (left-- > 0) await this.post(plain);
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, postSome));
    const total = message.total(await this.post(message.asking(message.LEAST_BYTES)));
    this.total += count;
    if (total !== this.total) throw new Error(`the other side has counted ${total} messages of ${this.total}`);
    return count;
  }

  async close(): Promise<void> {
    this.agent.destroy();
    await this.peer.end();
  }

  private post(body: Uint8Array): Promise<Uint8Array> {
    return new Promise((done, fail) => {
      const { port, agent } = this;
      const headers = { "content-type": "application/octet-stream", "content-length": body.length };
      const asked = request({ host: "127.0.0.1", port, agent, method: "POST", headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => done(Buffer.concat(chunks)));
        answer.on("error", fail);
      });
      asked.on("error", fail);
      asked.end(body);
    });
  }
}
