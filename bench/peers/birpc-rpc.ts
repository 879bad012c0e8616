import { answer } from "../answer.js";
import { startPartner } from "../partner.js";
import { loadPeerPackage } from "../peer-packages.js";
import { rpcApi } from "../rpc-api.js";
import type { RpcQuestion } from "../rpc-question.js";
import { measureCalls } from "../rpc-rounds.js";

/* birpc, which is what comlink is for threads, over child.send; it has neither callbacks nor sequences. */
interface Channel {
  post(data: unknown): void;
  on(listener: (data: unknown) => void): void;
}
const { createBirpc } = loadPeerPackage<{
  createBirpc(functions: object, channel: Channel): Pick<typeof rpcApi, "add" | "echo">;
}>("birpc");

answer<RpcQuestion>(
  (question) => {
    const child = startPartner({});
    const far = createBirpc({}, { post: (data) => child.send(data as object), on: (fn) => child.on("message", fn) });
    return measureCalls(question, {
      add: async (a, b) => await far.add(a, b),
      echo: async (record) => await far.echo(record),
      close: () => child.kill("SIGTERM"),
    });
  },
  () => {
    const { add, echo } = rpcApi;
    createBirpc({ add, echo }, { post: (data) => process.send?.(data), on: (fn) => process.on("message", fn) });
  },
);
