import { poolWork } from "../pool-work.js";

/* The tasks as piscina and tinypool find them: functions that a module exports by name. */
export const { tiny, busy, sleep } = poolWork;
export const bytes = poolWork["bytes-1m"];
