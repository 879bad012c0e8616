/*
 * Kills publishers, subscribers, creators and cleaners of topics at random moments, stops others, and holds what each
 * subscriber saw against what was published.
 *
 * Idea    As in queue-kill.ts: several arenas at once, each with a topic, some publishers and some subscribers. After some
 *         dozens of faults the publishers end, then the subscribers, having read what is left; all histories are judged
 *         (topic-history.ts), and a topic of another size is next, lossless or not.
 * Checks  Besides the histories: everybody comes to an end, no subscription is left, the topic's file goes with its last
 *         user, no file and no descriptor is left.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { SeededRandom } from "../rings/seeded-random.js";
import { Arena } from "./arena.js";
import { type FaultOptions, runFaults, type Shared, whenSwept } from "./fault-run.js";
import type { FaultTally } from "./fault-tally.js";
import type { Party } from "./party.js";
import { doingOf, TopicHistory } from "./topic-history.js";
import { LAST, openTopic } from "./topic-roles.js";

const FAULTS_A_TOPIC = 40;
const finished = new Set(["done", "got"]);

export function killTopics(options: FaultOptions): Promise<FaultTally> {
  let round = 0;
  return runFaults(
    "topic-kill",
    options,
    (shared, seed) => runTopic(`t${round++}`, new SeededRandom(seed), shared),
    (shared, seed) => makeAndSweep(new SeededRandom(seed), shared),
  );
}

/** One topic's life. */
async function runTopic(name: string, random: SeededRandom, shared: Shared): Promise<void> {
  const { tally } = shared;
  const lossless = random.below(2);
  const detail = { capacity: 8192 << random.below(5), lossless };
  const job = { play: "topic", object: name, detail };
  const doing = (party: Party): string => doingOf(party.history);
  const cast = { publisher: 1 + random.below(3), subscriber: 1 + random.below(3) };
  const arena = new Arena({ ...shared, random, cast, job, doing });
  await sleep(random.below(200)); // often somebody else makes it
  const topic = openTopic(name, detail);
  await arena.rage(FAULTS_A_TOPIC);
  tally.count(lossless ? "lossless topics" : "topics");
  await arena.finish("publisher");
  let areLeft = true;
  const over = arena.finish("subscriber").then(() => {
    areLeft = false;
  });
  // whoever waits for a message is to see that it has to end
  while (areLeft) {
    topic.tryPublish(LAST);
    await sleep(10);
  }
  await over;
  await arena.end();
  const history = new TopicHistory(arena.label, tally, lossless === 1);
  history.read(arena.all);
  history.judge();
  arena.tellRecovery(finished);
  if (topic.subscribers !== 0) tally.wrong("wrong count", `${arena.label}: ${topic.subscribers} subscribers are left`);
  topic.close();
  await whenSwept(
    (file) => file === name,
    (file) => tally.wrong("files left", `${arena.label}: ${file}`),
  );
  shared.forget(arena.all);
}

/** An arena of those who make, find and leave the same few topics, and of those who sweep. */
async function makeAndSweep(random: SeededRandom, shared: Shared): Promise<void> {
  const job = { play: "topic", object: "made", detail: { capacity: 8192, lossless: 0 } };
  const arena = new Arena({ ...shared, random, cast: { creator: 2, cleaner: 1 }, job, doing: () => "at work" });
  while (shared.take()) {
    await arena.rage(1);
    await sleep(random.below(500));
  }
  await arena.finish("creator");
  await arena.finish("cleaner");
  await arena.end();
  arena.tellRecovery(new Set(["made", "swept"]));
}
