import type { Configuration } from "./configuration.js";
import { barriers } from "./configurations/barrier.js";
import { changesAgain } from "./configurations/changes-again.js";
import { events } from "./configurations/event.js";
import { notices } from "./configurations/notices.js";
import { permits } from "./configurations/permits.js";
import { queuesAgain } from "./configurations/queue-again.js";
import { readWriteLocks } from "./configurations/read-write-lock.js";
import { waitersAgain } from "./configurations/waiters-again.js";
import { workSlots } from "./configurations/work-slots.js";

/** Semaphores, conditions, barriers, events, read-write locks, work slots; items that come again; seats that change hands. */
export const objectConfigurations: readonly Configuration[] = [
  ...queuesAgain,
  ...waitersAgain,
  ...changesAgain,
  ...permits,
  ...notices,
  ...events,
  ...barriers,
  ...readWriteLocks,
  ...workSlots,
];
