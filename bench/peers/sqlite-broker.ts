import { benchBroker } from "./bench-broker.js";

/* The same program as `broker`, under a name by which it is run by a Node that has `node:sqlite`. */
benchBroker();
