import { benchBroker } from "./bench-broker.js";

benchBroker();
