import { everyBroker } from "./broker.js";

await everyBroker({
  name: "shm:",
  url: (name) => `shm:${name}`,
  letterName: (name) => name,
  many: 1000,
});
