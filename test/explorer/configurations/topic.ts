import { subscriberRow, topicHead, topicPlan } from "#src/primitives/topic/topic.layout.js";
import { broadcastHead, broadcastRecord, UNIT } from "#src/rings/broadcast-ring.layout.js";
import { guardHead } from "#src/sync/guard.layout.js";
import { waitersHead } from "#src/sync/waiters.layout.js";
import type { Configuration, View } from "../configuration.js";
import { Bytes } from "../doors/bytes.js";
import { BODY, ownerOf, PAYLOAD, WAITING } from "../ground.js";
import type { Party } from "../party.js";
import type { Production } from "../production.js";
import { segmentOf } from "../segment.js";

type Wait = Parameters<ReturnType<Production["parker"]>["waitSync"]>[0][number];

const MOST_ATTACHED = 3;
const SUBSCRIBERS = 2;
/** One message fills the ring, so that the next one has to wait. */
const UNITS = 2;
const MESSAGES = 2;
/** Says that no more will come. */
const LAST = 9;

const plan = topicPlan(MOST_ATTACHED, SUBSCRIBERS);
const named = (at: number, words: Readonly<Record<string, number>>, what: string): [number, string][] =>
  Object.entries(words).map(([name, word]) => [BODY + at + word, `${what}${name}`]);

const names = Object.fromEntries([
  [WAITING, "bits of who waits"],
  ...named(0, topicHead.word, "topic's "),
  ...named(plan.guard, guardHead.word, "guard's "),
  ...named(plan.ring, broadcastHead.word, "ring's "),
  ...(["readers", "writers"] as const).flatMap((line) => [
    ...named(plan[line], waitersHead.word, `${line}' `),
    ...[0, 1, 2].map((party) => [BODY + plan[line] + waitersHead.bytes / 4 + party, `${line}' ticket ${party}`]),
  ]),
  ...[0, 1].flatMap((row) => named(plan.rows + (row * subscriberRow.bytes) / 4, subscriberRow.word, `row ${row}'s `)),
  ...Array.from({ length: (UNITS * UNIT) / 4 }, (_, at) => [PAYLOAD + at, `word ${at} of the ring`]),
]) as Readonly<Record<number, string>>;

/** What a topic's words are read for when a handle is made comes before everything else. */
function make(party: Party, { Holding, TopicCore, parker }: Production) {
  const holding = party.setUp(() => new Holding(segmentOf(party, UNITS * UNIT, MOST_ATTACHED), party.index));
  const made = { holding, core: TopicCore.of(holding), parker: party.setUp(() => parker()) };
  party.knows(made);
  return made;
}

/** Publishes to a lossless topic, as a call that blocks its thread does. */
function publish(party: Party, production: Production, messages: readonly number[]): void {
  const { core, parker, holding } = make(party, production);
  for (const n of messages) {
    party.begins(`publishes ${n}`);
    const bytes = Uint8Array.of(n + 1, 7, 7, n + 1);
    const isPublished = (): boolean =>
      ["done", "unheard"].includes(core.publish(new Uint8Array(0), bytes, 4, 0, false));
    const wait: Wait = {
      attempt: () => core.mayHaveRoom(UNITS) && isPublished(),
      arm: () => core.writers.arm(wait),
      disarm: () => core.writers.disarm(wait),
      recheck: () => {
        core.writers.armAgain(wait);
        core.forgetDead();
      },
      peers: () => core.slow(UNITS).filter((owner) => owner !== holding.self),
      holdsLoop: true,
    };
    if (!isPublished()) parker.waitSync([wait], Number.POSITIVE_INFINITY);
    core.flushWakes();
    party.note("published", n);
  }
}

/** Subscribes and takes so many messages, or all up to the last one. */
function subscribe(party: Party, production: Production, most: number): void {
  const made = make(party, production);
  const { core, parker } = made;
  party.begins("subscribes");
  const { reader } = core.subscribe();
  party.knows(reader);
  party.note("subscribed");
  let isOver = false;
  for (let n = 0; n < most && !isOver; n++) {
    party.begins(`takes ${n}`);
    const attempt = (): boolean => {
      const message = reader.hasNext ? reader.next((count) => party.note("missed", count)) : undefined;
      if (reader.hasMoved) {
        reader.hasMoved = false;
        core.tellWriters();
      }
      if (!message) return false;
      const bytes = reader.buffer.subarray(message.at, message.at + message.length).join();
      const [value] = reader.buffer.subarray(message.at);
      party.note(bytes === [value, 7, 7, value].join() ? "has" : "torn", value - 1);
      isOver = value - 1 === LAST;
      return true;
    };
    const wait: Wait = {
      attempt,
      arm: () => core.readers.arm(wait),
      disarm: () => core.readers.disarm(wait),
      recheck: () => core.readers.armAgain(wait),
      peers: () => [],
      holdsLoop: true,
    };
    parker.waitSync([wait], Number.POSITIVE_INFINITY);
  }
  core.flushWakes();
}

/** Takes the only message of a topic that is full, having subscribed long ago. */
function takeOne(party: Party, production: Production): void {
  const { core, holding } = make(party, production);
  const place = {
    words: holding.words,
    head: BODY + plan.ring,
    bytes: new Bytes(new Uint8Array(UNITS * UNIT)) as never,
  };
  const reader = party.setUp(() => {
    const made = new production.BroadcastReader({ ...place, units: UNITS }, core.rows.cursorOf(0), 0);
    made.start(0);
    return made;
  });
  party.knows(reader);
  party.begins("takes the first");
  const message = reader.next((count) => party.note("missed", count));
  if (message) party.note("has", reader.buffer[message.at] - 1);
  core.tellWriters();
  core.flushWakes();
}

const rowWord = BODY + plan.rows;
/** The first message, which the second party has not read. */
const full = {
  [BODY + topicHead.word.lossless]: 1,
  [BODY + topicHead.word.maxSubscribers]: SUBSCRIBERS,
  [BODY + topicHead.word.subscribers]: 1,
  [BODY + topicHead.word.rowsUsed]: 1,
  [rowWord + subscriberRow.word.owner]: ownerOf(1),
  [BODY + plan.ring + broadcastHead.word.head]: UNITS,
  [BODY + plan.ring + broadcastHead.word.sequenceLow]: 1,
  [PAYLOAD + broadcastRecord.word.bytes]: 4,
  [PAYLOAD + broadcastRecord.bytes / 4]: 0x0107_0701,
};

/** Facts: subscribers that have begun; the next message of each. */
const SUBSCRIBED = 0;
const NEXT = 1;

const properties = {
  noted(view: View, party: number, what: string, value: number): string | undefined {
    if (what === "subscribed") view.setFact(SUBSCRIBED, view.fact(SUBSCRIBED) | (1 << party));
    if (what === "torn") return `message ${value} comes torn`;
    if (what === "missed") return `${value} messages of a lossless topic are missed`;
    if (what === "has" && value !== LAST) {
      const next = view.fact(NEXT + party);
      if (value !== next) return `message ${value} comes, and ${next} is next`;
      view.setFact(NEXT + party, next + 1);
    }
    return undefined;
  },
};

const topic = (title: string, subscribers: number, more: Partial<Configuration> = {}): Configuration => ({
  title: `topic, ${title}`,
  parties: ["publisher", "B", "C"].slice(0, 1 + subscribers),
  script: (party, production) =>
    party.index === 0 ? publish(party, production, [0, 1]) : subscribe(party, production, MESSAGES),
  /** What is published before anybody has subscribed is nobody's. */
  mayBegin: (view, party) =>
    party > 0 ||
    [1, 2].slice(0, subscribers).every((other) => view.isDead(other) || (view.fact(SUBSCRIBED) & (1 << other)) !== 0),
  mostWords: 120,
  initial: { [BODY + topicHead.word.lossless]: 1, [BODY + topicHead.word.maxSubscribers]: SUBSCRIBERS },
  names,
  ...properties,
  ...more,
});

export const topics: readonly Configuration[] = [
  topic("a subscriber is waited for", 1),
  topic("a subscriber is waited for, x86", 1, { memory: "tso" }),
  topic("a subscriber is waited for, weak memory", 1, { memory: "pso" }),
  topic("a subscriber is waited for, and killed", 1, { kills: 1, victims: [1], rechecks: "after a death" }),
  topic("a publisher is killed, and another one goes on", 1, {
    parties: ["publisher", "B", "other"],
    kills: 1,
    victims: [0],
    rechecks: "after a death",
    script: (party, production) => {
      if (party.index === 1) subscribe(party, production, Number.POSITIVE_INFINITY);
      else publish(party, production, party.index === 0 ? [0] : [LAST]);
    },
    mayBegin: (view, party) => party === 1 || view.fact(SUBSCRIBED) !== 0,
  }),
  ...(["sc", "tso"] as const).map((memory) =>
    topic(`a full one, and its subscriber may be killed${memory === "sc" ? "" : ", x86"}`, 1, {
      kills: 1,
      victims: [1],
      rechecks: "after a death",
      memory,
      initial: full,
      script: (party, production) => {
        if (party.index === 0) publish(party, production, [1]);
        else takeOne(party, production);
      },
      mayBegin: () => true,
    }),
  ),
  topic("two subscribers, one killed", 2, { kills: 1, victims: [1], rechecks: "after a death" }),
];
