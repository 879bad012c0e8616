import { everyCalls } from "./calls-by-url.js";

everyCalls({ name: "shm:", url: (name) => `shm:${name}` });
