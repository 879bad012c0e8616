// One party of a kill run, as a process of its own or as a worker thread.
import { Stage } from "./stage.js";

const plays: Record<string, () => Promise<{ act(stage: Stage): Promise<void> }>> = {
  queue: () => import("./queue-roles.js"),
  lock: () => import("./lock-roles.js"),
  topic: () => import("./topic-roles.js"),
  map: () => import("./map-roles.js"),
  broker: () => import("./broker-roles.js"),
};

const stage = Stage.ofThisThread();
try {
  const play = await plays[stage.job.play]();
  await play.act(stage);
} catch (error) {
  stage.history.say(
    "failed",
    (error instanceof Error ? (error.stack ?? error.message) : String(error)).replace(/\s+/g, " "),
  );
}
stage.end();
