import type { Msg } from "@nats-io/transport-node";
import { Bounds } from "../bounds.js";
import type { Incoming, Settlement } from "../broker.js";
import type { NatsConnection } from "./nats-connection.js";
import { Refusal } from "./nats-failure.js";
import type { NatsLink } from "./nats-link.js";
import { type NatsToken, natsIncoming } from "./nats-message.js";

/**
 * A pull that waits is renewed after so long. A server of version 2.9 that was killed may stumble over messages that it had
 * already deleted, one at each pull, and gives nothing to those that wait: the next ones bring it past them.
 */
const PULL_MS = 5000;
/**
 * To a pull that does not wait the server answers at once, unless it stumbles like that: then it forgets the answer, too. A pull that was
 * not answered by then is ended, and the next ones, one for each message that it stumbles over, are given less time.
 */
const SILENT_MS = 1000;
const SILENT_AGAIN_MS = 50;
/** So many pulls in a row bring it past as many such messages, before others have their turn. */
const MOST_PUSHES = 500;
const NS = 1_000_000;
/** A pull brings at most so many. */
const MOST = 1000;

/** From where messages are taken. */
export interface NatsSource {
  readonly stream: string;
  readonly consumer: string;
  /** How long the server waits for a sign of life of whoever has taken a message. */
  readonly ackWaitMs: number;
  readonly maxDeliveries?: number;
  /** What becomes of a message that nobody wants, before it goes. */
  bury?(message: Incoming): Promise<void>;
  keyOf?(subject: string): string;
}

/*
 * Taking from a consumer of JetStream
 *
 * Idea    One durable pull consumer, which all ends share. A take pulls what is there and, where nothing is, one message more
 *         with patience. Whoever gives up drains the pull, and gives back what was still on its way.
 * States  A message is in the stream, or taken (pending in the consumer) until it is answered: done, not now, or never again.
 * Order   That of the stream; what is given back comes before what nobody has had, in the order in which it was given back.
 * Death   The server cannot see that a consumer has died: it gives out again what was not answered for `ackWaitMs`. Who is
 *         alive says so for what it has, three times in that time. An answer is valid on another connection too: a cut
 *         between taking and acknowledging costs nothing. A server that was killed may have forgotten what it had just handed
 *         out: what it had before it was started again is marked.
 * Limits  A process that is stopped, or computes without a pause, for longer than that has lost what it had taken; its
 *         acknowledgement still counts. Delay, time to live and the limit of deliveries are seen to here, by whoever takes.
 * Source  JetStream's pull consumers; the answers +ACK, -NAK, +WPI and +TERM.
 */
export class NatsTaking {
  private readonly held = new Set<string>();
  /** Numbers of messages that were given back here: a server that was killed before may not count that. */
  private readonly returned = new Set<number>();
  private beat: NodeJS.Timeout | undefined;

  constructor(
    private readonly connection: NatsConnection,
    private readonly source: NatsSource,
    private readonly label: string,
  ) {}

  async take(max: number, isWaiting: boolean, bounds: Bounds): Promise<Incoming[]> {
    const operation = `${this.label}: take()`;
    for (;;) {
      bounds.throwIfGivenUp();
      let came = await this.pullNow(operation, max, bounds);
      if (came.length === 0) {
        if (!isWaiting) return [];
        bounds.throwIfGivenUp();
        came = await this.connection.use(operation, (link) => this.pull(link, 1, undefined, bounds), bounds);
      }
      const found = await this.wanted(came);
      if (found.length > 0) return found;
    }
  }

  /** What is there. */
  private async pullNow(operation: string, max: number, bounds: Bounds): Promise<Msg[]> {
    let silentMs = SILENT_MS;
    for (let pushes = 0; ; pushes++) {
      bounds.throwIfGivenUp();
      let isAnswered = true;
      const onSilence = (): void => {
        isAnswered = false;
      };
      const pull = (link: NatsLink): Promise<Msg[]> => this.pull(link, max, { silentMs, onSilence }, bounds);
      const came = await this.connection.use(operation, pull, bounds);
      if (came.length > 0 || isAnswered || pushes === MOST_PUSHES) return came;
      silentMs = SILENT_AGAIN_MS;
    }
  }

  settle(messages: readonly Incoming[], how: Settlement): Promise<void> {
    const settling = this.settleAll(messages, how);
    // what is given back while there is no connection comes again by itself, if later: nobody waits for that
    return how === "ack" || how === "reject" ? settling : this.connection.orCut(settling);
  }

  private async settleAll(messages: readonly Incoming[], how: Settlement): Promise<void> {
    const { maxDeliveries = Number.POSITIVE_INFINITY } = this.source;
    const kept = messages.map((message) => {
      const { sequence } = message.token as NatsToken;
      if (how === "requeue") this.returned.add(sequence);
      else this.returned.delete(sequence);
      const isDead = how === "reject" || (how === "requeue" && message.deliveries >= maxDeliveries);
      const settling = isDead ? this.bury(message) : this.answer(message, how === "ack" ? "+ACK" : "-NAK");
      return settling.finally(() => this.release(message));
    });
    const failed = (await Promise.allSettled(kept)).find((outcome) => outcome.status === "rejected");
    if (failed) throw failed.reason;
  }

  /** Takes all that is ready, for ever; gives how many that were. */
  async drop(): Promise<number> {
    const bounds = new Bounds();
    for (let dropped = 0; ; ) {
      const came = await this.pullNow(`${this.label}: purge()`, MOST, bounds);
      if (came.length === 0) return dropped;
      await Promise.all(came.map((message) => this.answer(natsIncoming(message, this.connection.since), "+TERM")));
      dropped += came.length;
    }
  }

  close(): void {
    this.held.clear();
    this.returned.clear();
    this.stopBeat();
  }

  /** Of what came, what can be handed out now. */
  private async wanted(came: readonly Msg[]): Promise<Incoming[]> {
    const { maxDeliveries = Number.POSITIVE_INFINITY, keyOf } = this.source;
    const now = Date.now();
    const found: Incoming[] = [];
    const aside: Promise<void>[] = [];
    for (const one of came) {
      const message = natsIncoming(one, this.connection.since, keyOf?.(one.subject));
      const { delay, ttl, takenAt, sequence } = message.token as NatsToken;
      const early = takenAt + delay - now;
      if (takenAt + ttl <= now || message.deliveries > maxDeliveries) aside.push(this.bury(message));
      else if (delay > 0 && early > 0)
        aside.push(this.answer(message, `-NAK ${JSON.stringify({ delay: Math.ceil(early) * NS })}`));
      else found.push(this.returned.has(sequence) ? { ...message, redelivered: true } : message);
    }
    for (const { token } of found) this.hold((token as NatsToken).reply);
    await Promise.all(aside);
    return found;
  }

  /** What a pull brings, until all came, the server has no more, or nobody waits any longer. With `now` it does not wait. */
  private async pull(
    link: NatsLink,
    max: number,
    now: { readonly silentMs: number; onSilence(): void } | undefined,
    bounds: Bounds,
  ): Promise<Msg[]> {
    const { stream, consumer } = this.source;
    const found: Msg[] = [];
    const batch = Math.min(max, MOST);
    const inbox = this.connection.transport.createInbox();
    let failure: Error | undefined;
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const subscription = link.driver.subscribe(inbox, {
      callback: (error, message) => {
        const status = message?.headers?.code ?? 0;
        if (status === 100) return;
        if (error === null && status === 0) {
          found.push(message);
          if (found.length >= batch) end();
          return;
        }
        if (error) failure = error;
        else if (status === 503 || /deleted/i.test(message.headers?.description ?? ""))
          failure = new Refusal("there is no such stream or consumer any more; it was deleted", 10014);
        end();
      },
    });
    bounds.onGiveUp = end;
    if (bounds.isGivenUp) end();
    const silence =
      now &&
      setTimeout(() => {
        if (found.length === 0) now.onSilence();
        end();
      }, now.silentMs);
    try {
      const patience = now ? { no_wait: true } : { expires: PULL_MS * NS, idle_heartbeat: (PULL_MS / 2) * NS };
      link.driver.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify({ batch, ...patience }), {
        reply: inbox,
      });
      await link.until(ended);
      // what is on its way comes before the server's answer to that
      if (found.length < batch) await link.until(subscription.drain());
      else subscription.unsubscribe();
    } catch (error) {
      // what came before a cut is ours all the same
      if (found.length === 0) throw error;
    } finally {
      clearTimeout(silence);
      bounds.onGiveUp = undefined;
    }
    if (failure && found.length === 0) throw failure;
    return found;
  }

  /** Says what becomes of a taken message, and waits until the server has heard it. */
  private async answer({ token }: Incoming, what: string): Promise<void> {
    const { reply } = token as NatsToken;
    await this.connection.use(`${this.label}: ${what.startsWith("+ACK") ? "ack()" : "nack()"}`, (link) =>
      link.request(reply, what),
    );
  }

  private async bury(message: Incoming): Promise<void> {
    await this.source.bury?.(message);
    await this.answer(message, "+TERM");
  }

  private hold(reply: string): void {
    this.held.add(reply);
    this.beat ??= setInterval(() => {
      for (const one of this.held) this.connection.say(one, "+WPI");
    }, this.source.ackWaitMs / 3).unref();
  }

  private release({ token }: Incoming): void {
    this.held.delete((token as NatsToken).reply);
    if (this.held.size === 0) this.stopBeat();
  }

  private stopBeat(): void {
    clearInterval(this.beat);
    this.beat = undefined;
  }
}
