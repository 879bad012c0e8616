import type { Configuration } from "./configuration.js";
import { broadcasts } from "./configurations/broadcast.js";
import { changes } from "./configurations/changes.js";
import { guard } from "./configurations/guard.js";
import { maps } from "./configurations/map.js";
import { ownerLock } from "./configurations/owner-lock.js";
import { pipes } from "./configurations/pipe.js";
import { queues } from "./configurations/queue.js";
import { topics } from "./configurations/topic.js";
import { waiters } from "./configurations/waiters.js";
import { objectConfigurations } from "./object-configurations.js";

/** All that is explored. */
export const configurations: readonly Configuration[] = [
  ...ownerLock,
  ...waiters,
  ...guard,
  ...pipes,
  ...changes,
  ...queues,
  ...broadcasts,
  ...topics,
  ...maps,
  ...objectConfigurations,
];
