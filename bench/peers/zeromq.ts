import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answer, type PipeQuestion } from "../answer.js";
import { startPartner } from "../partner.js";
import { bytesMessages, type PayloadName, type Reading, reading } from "../payload.js";
import { loadPeerPackage } from "../peer-packages.js";
import { measureOneWay, measureRoundTrips } from "../rounds.js";
import { checkTally, Tally, type TallyCount } from "../tally.js";

/* zeromq.js over ipc:// or tcp://, PUSH to PULL one way and PAIR to PAIR for round trips; objects travel as JSON. */
interface Socket {
  bind(address: string): Promise<void>;
  connect(address: string): void;
  send(message: Uint8Array | string): Promise<void>;
  receive(): Promise<[Buffer]>;
  close(): void;
  readonly lastEndpoint: string | null;
}
type SocketClass = new () => Socket;
const zmq = loadPeerPackage<{ Push: SocketClass; Pull: SocketClass; Pair: SocketClass }>("zeromq");

type Question = PipeQuestion & { transport?: "unix" | "tcp"; addresses?: { control: string; data: string } };

answer<Question>(
  async (question) => {
    const folder = mkdtempSync(join(tmpdir(), "interproc-bench-"));
    const control = new zmq.Pair();
    const data = question.measure === "one-way" ? new zmq.Push() : new zmq.Pair();
    const open = async (socket: Socket, name: string): Promise<string> => {
      await socket.bind(question.transport === "tcp" ? "tcp://127.0.0.1:*" : `ipc://${folder}/${name}`);
      return socket.lastEndpoint ?? "";
    };
    const addresses = { control: await open(control, "control"), data: await open(data, "data") };
    const partner = startPartner({ ...question, addresses });
    try {
      await control.receive();
      return await drive(question, control, data);
    } finally {
      partner.kill("SIGTERM");
      control.close();
      data.close();
      rmSync(folder, { recursive: true });
    }
  },
  async (question) => {
    const control = new zmq.Pair();
    const data = question.measure === "one-way" ? new zmq.Pull() : new zmq.Pair();
    control.connect(question.addresses?.control ?? "");
    data.connect(question.addresses?.data ?? "");
    await control.send("ready");
    if (question.measure === "one-way") await receive(question.payload, control, data);
    else await echo(question.payload, data);
  },
);

function drive({ payload, measure, seconds }: Question, control: Socket, data: Socket) {
  const bytes = payload === "object" ? undefined : bytesMessages(payload);
  const message = bytes ?? ((index: number) => JSON.stringify(reading(index)));
  if (measure === "one-way") {
    return measureOneWay(seconds, async (count) => {
      await control.send(String(count));
      const start = performance.now();
      for (let i = 0; i < count; i++) await data.send(message(i));
      const [seen] = await control.receive();
      const took = (performance.now() - start) / 1000;
      checkTally(payload, count, JSON.parse(seen.toString()) as TallyCount);
      return took;
    });
  }
  return measureRoundTrips(seconds, async (micros) => {
    const tally = new Tally(payload);
    for (let trip = 0; trip < micros.length; trip++) {
      const start = performance.now();
      await data.send(message(trip));
      count(payload, tally, (await data.receive())[0]);
      micros[trip] = (performance.now() - start) * 1000;
    }
    checkTally(payload, micros.length, tally.take());
  });
}

async function receive(payload: PayloadName, control: Socket, data: Socket): Promise<never> {
  const tally = new Tally(payload);
  for (;;) {
    const expected = Number((await control.receive())[0]);
    for (let i = 0; i < expected; i++) count(payload, tally, (await data.receive())[0]);
    await control.send(JSON.stringify(tally.take()));
  }
}

async function echo(payload: PayloadName, data: Socket): Promise<never> {
  for (;;) {
    const [message] = await data.receive();
    await data.send(payload === "object" ? JSON.stringify(JSON.parse(message.toString())) : message);
  }
}

function count(payload: PayloadName, tally: Tally, message: Buffer): void {
  if (payload === "object") tally.object(JSON.parse(message.toString()) as Reading);
  else tally.bytes(message);
}
