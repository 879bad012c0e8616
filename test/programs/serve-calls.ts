// A server of calls by url: URL [redelivered]. It says what happens, and `hang` never answers.
import { exposeAt } from "interproc";

const [url, redelivered = "run"] = process.argv.slice(2);
const api = {
  whoAreYou: () => process.pid,
  hang: (word: string) => {
    console.log(`hangs ${word}`);
    return new Promise<never>(() => undefined);
  },
  typeOf: (value: object) => value.constructor.name,
};
const served = await exposeAt(url, api, { redelivered: redelivered as "run", maxServed: 4 });
console.log("serving");
await served.closed;
