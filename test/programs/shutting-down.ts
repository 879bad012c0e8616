// A consumer that is asked to end: it finishes the message that it has, and leaves the rest.
import { onShutdown, Queue } from "interproc";

const [how = "drains"] = process.argv.slice(2);
const jobs = Queue.openOrCreate<string>(`shutdown-${process.pid}`);
await jobs.putMany(["first", "second"]);
setInterval(() => undefined, 1000); // a service has something that keeps it alive
const stopping = new AbortController();
onShutdown(() => console.log("last"), { timeout: how === "late" ? 50 : 10_000 });
onShutdown(() => how === "throws" && Promise.reject(new Error("oh")), { timeout: 50 });
onShutdown(async (signal) => {
  if (how === "late again") await new Promise((resolve) => setTimeout(resolve, 600));
  if (how !== "again" && how !== "late again") return;
  process.kill(process.pid, signal);
  const seen = new Promise((resolve) => process.once(signal, resolve));
  await seen;
});
onShutdown(() => (how === "hangs" || how === "late" ? new Promise(() => undefined) : worked), { timeout: 50 });
onShutdown((signal) => {
  console.log(`asked ${signal}`);
  stopping.abort();
});
const worked = work();
onShutdown(() => console.log("forgotten"))();

async function work(): Promise<void> {
  for await (const job of jobs.messages()) {
    console.log(`took ${job.value}`);
    await new Promise((resolve) => stopping.signal.addEventListener("abort", resolve));
    job.ack();
    console.log(`done ${jobs.size} left`);
    jobs.close();
    return;
  }
}
