import { CodecError, ProtocolError, UsageError } from "../errors.js";
import { MESSAGE, type Message, REFERENCE } from "./calls.layout.js";
import { dropHandles } from "./drop-handles.js";
import { IncomingSequence } from "./incoming-sequence.js";
import { OutgoingSequence } from "./outgoing-sequence.js";
import { isId, joinValue, type Parted, partValue } from "./references.js";
import { describeFailure, failureOf, restoreFailure } from "./remote-failure.js";
import { RemoteFunctions } from "./remote-functions.js";
import { sinkOf, writableBy } from "./sink.js";
import { watchSignal } from "./watch-signal.js";

/** Sequences that each side may have under way at once. */
const MOST_SEQUENCES = 1024;
/** Functions of this side that the other one may keep. */
const MOST_FUNCTIONS = 100_000;

type Callable = (...args: unknown[]) => unknown;

/** What went along with a value, to be taken back when it could not be sent or is not needed any more. */
export interface Along {
  readonly functions: number[];
  readonly signals: Map<number, () => void>;
  readonly sequences: number[];
}

/** A value without what is passed by reference, and that. */
export interface Passage extends Parted {
  readonly along: Along | undefined;
}

/** A function that was passed, and how many times the other side has it. */
interface Passed {
  readonly fn: object;
  readonly call: Callable;
  readonly letGo: ((error: Error | undefined) => void) | undefined;
  times: number;
}

/** What is needed of the session. */
interface Party {
  /** Sends a message and resolves when it is on its way, or was refused: then `refused` is told first. */
  post(message: Message, refused?: (error: unknown) => void): Promise<void>;
  call(id: number, args: readonly unknown[]): unknown;
  /** Somebody waits for an item, or not any more. */
  waitsChanged(): void;
}

/**
 * What is passed by reference in a session: functions, signals and sequences that stay where they are, under numbers, and
 * what stands for those of the other side.
 */
export class Passing {
  private nextId = 0;
  private readonly functions = new Map<number, Passed>();
  private readonly functionIds = new Map<object, number>();
  private readonly signals = new Map<number, AbortController>();
  private readonly outgoing = new Map<number, OutgoingSequence>();
  private readonly incoming = new Map<number, WeakRef<IncomingSequence>>();
  /** Sequences on which somebody waits: nothing else may hold them. */
  private readonly waited = new Set<IncomingSequence>();
  private readonly collected = new FinalizationRegistry<() => void>((letGo) => letGo());
  private readonly remote: RemoteFunctions;

  constructor(private readonly party: Party) {
    this.remote = new RemoteFunctions(
      (id, args) => party.call(id, args),
      (id, times) => void party.post([MESSAGE.release, id, times]),
    );
  }

  get isWaited(): boolean {
    return this.waited.size > 0;
  }

  /** How many functions the other side may still call, how many of its own are held here, and sequences under way. */
  get counts(): { readonly functions: number; readonly remote: number; readonly sequences: number } {
    const { functions, remote, outgoing, incoming } = this;
    return { functions: functions.size, remote: remote.size, sequences: outgoing.size + incoming.size };
  }

  /**
   * Takes what is passed by reference out of a value. `aborted`: a signal in it has fired; without it, signals are refused.
   *
   * @throws UsageError, CodecError, the reason of a signal that has fired already; nothing is passed then
   */
  part(value: unknown, aborted?: (reason: unknown) => void): Passage {
    let along: Along | undefined;
    try {
      const { value: rest, refs } = partValue(value, (found, kind) => {
        along ??= { functions: [], signals: new Map(), sequences: [] };
        if (kind === REFERENCE.signal) return [kind, this.passSignal(found as AbortSignal, along, aborted)];
        if (kind === REFERENCE.sequence) return [kind, this.passSequence(found, along)];
        if (kind === REFERENCE.sink) return [kind, this.passFunction(found, along)];
        const own = this.remote.idOf(found);
        return own === undefined ? [kind, this.passFunction(found, along)] : [REFERENCE.returned, own];
      });
      return { value: rest, refs, along };
    } catch (error) {
      this.takeBack(along);
      throw error;
    }
  }

  /** Puts in what stands for what the other side has passed. `signals`: where the numbers of signals are noted. */
  join(value: unknown, refs: unknown, signals?: number[]): unknown {
    return joinValue(value, refs, (kind, id) => {
      if (kind === REFERENCE.function) return this.remote.get(id);
      if (kind === REFERENCE.returned) return this.ownFunction(id);
      if (kind === REFERENCE.sequence) return this.sequenceOf(id);
      if (kind === REFERENCE.sink) return writableBy(this.remote.get(id));
      if (kind !== REFERENCE.signal || !signals || this.signals.has(id))
        throw new ProtocolError(`a reference of kind ${String(kind)} came where none may stand`);
      const controller = new AbortController();
      signals.push(id);
      this.signals.set(id, controller);
      return controller.signal;
    });
  }

  /** Gives back at once what came and nobody takes. */
  discard(value: unknown, refs: unknown): void {
    joinValue(value, refs, (kind, id) => {
      if (kind === REFERENCE.function || kind === REFERENCE.sink) void this.party.post([MESSAGE.release, id, 1]);
      if (kind === REFERENCE.sequence) void this.party.post([MESSAGE.stop, id]);
      return null;
    });
    dropHandles(value);
  }

  /** The function that the other side may call by this number. */
  functionOf(id: number): Callable {
    const passed = this.functions.get(id);
    if (passed) return passed.call;
    throw new UsageError("a function was called that was released, or never passed");
  }

  /** The call is over, and so is the time of its signals. */
  forgetSignals(signals: readonly number[]): void {
    for (const id of signals) this.signals.delete(id);
  }

  /** Fires the signals that went along with a call. */
  fire({ signals }: Along, reason: unknown): void {
    for (const id of signals.keys()) void this.party.post([MESSAGE.abort, id, reasonToSend(reason)]);
  }

  /** What went along has not arrived, or nobody takes it. */
  takeBack(along: Along | undefined): void {
    if (!along) return;
    const { functions, signals, sequences } = along;
    for (const id of functions) this.release(id, 1);
    for (const forget of signals.values()) forget();
    for (const id of sequences) this.stop(id);
  }

  /** The other side cannot read an item of a sequence. */
  unreadable(id: number, error: Error): void {
    this.outgoing.get(id)?.fail(error);
  }

  /** The other side's word about something that was passed. False: it is none of these. @throws ProtocolError */
  hear(kind: number, id: number, third: unknown, fourth: unknown): boolean {
    switch (kind) {
      case MESSAGE.abort: {
        const reason = reasonOf(third);
        this.signals.get(id)?.abort(reason);
        this.signals.delete(id);
        return true;
      }
      case MESSAGE.release:
        if (!isId(third)) throw new ProtocolError(`a function was released so many times: ${String(third)}`);
        this.release(id, third);
        return true;
      case MESSAGE.pull:
        if (!isId(third)) throw new ProtocolError(`so many items of a sequence were asked for: ${String(third)}`);
        this.outgoing.get(id)?.pull(third);
        return true;
      case MESSAGE.item: {
        const sequence = this.incoming.get(id)?.deref();
        if (!sequence) this.discard(third, fourth);
        else sequence.add(this.join(third, fourth));
        return true;
      }
      case MESSAGE.end: {
        if (!isId(third)) throw new ProtocolError(`a sequence ended after so many items: ${String(third)}`);
        const thrown = fourth === undefined ? undefined : { error: restoreFailure(failureOf(fourth), "a sequence") };
        this.incoming.get(id)?.deref()?.endAfter(third, thrown);
        this.incoming.delete(id);
        return true;
      }
      case MESSAGE.stop:
        this.stop(id);
        return true;
      default:
        return false;
    }
  }

  /** The session is over. */
  end(error: Error): void {
    for (const controller of this.signals.values()) controller.abort(error);
    for (const sequence of this.incoming.values()) sequence.deref()?.end({ error });
    for (const sequence of this.outgoing.values()) sequence.stop();
    for (const { letGo } of this.functions.values()) letGo?.(error);
    for (const table of [this.signals, this.incoming, this.outgoing, this.functions, this.functionIds]) table.clear();
  }

  private ownFunction(id: number): object {
    const passed = this.functions.get(id);
    if (passed) return passed.fn;
    throw new ProtocolError(`a function came back that was not passed, or was released: number ${id}`);
  }

  private passFunction(fn: object, along: Along): number {
    let id = this.functionIds.get(fn);
    if (id === undefined) {
      if (this.functions.size >= MOST_FUNCTIONS)
        throw new UsageError(`more than ${MOST_FUNCTIONS} functions were passed that the other side has not let go of`);
      id = this.nextId++;
      const sink = fn instanceof WritableStream ? sinkOf(fn) : undefined;
      const call = sink?.operate ?? (fn as Callable);
      this.functionIds.set(fn, id);
      this.functions.set(id, { fn, call, letGo: sink?.letGo, times: 0 });
    }
    (this.functions.get(id) as Passed).times++;
    along.functions.push(id);
    return id;
  }

  private release(id: number, times: number): void {
    const passed = this.functions.get(id);
    if (!passed) return;
    passed.times -= times;
    if (passed.times > 0) return;
    this.functions.delete(id);
    this.functionIds.delete(passed.fn);
    passed.letGo?.(undefined);
  }

  private passSignal(signal: AbortSignal, along: Along, aborted: ((reason: unknown) => void) | undefined): number {
    if (!aborted) throw new CodecError("an AbortSignal can go along with the arguments of a call only");
    signal.throwIfAborted();
    const id = this.nextId++;
    const forget = watchSignal(signal, () => aborted(signal.reason));
    along.signals.set(id, forget);
    return id;
  }

  private passSequence(sequence: object, along: Along): number {
    if (this.outgoing.size >= MOST_SEQUENCES)
      throw new UsageError(`more than ${MOST_SEQUENCES} sequences at once on one connection`);
    const id = this.nextId++;
    const item = (value: unknown, refused: (error: unknown) => void): Promise<void> => {
      const { value: rest, refs, along: parts } = this.part(value);
      return this.party.post(refs ? [MESSAGE.item, id, rest, refs] : [MESSAGE.item, id, rest], (error) => {
        this.takeBack(parts);
        refused(error);
      });
    };
    const end = (items: number, thrown?: { readonly error: unknown }): void => {
      if (!this.outgoing.delete(id)) return;
      void this.party.post(thrown ? [MESSAGE.end, id, items, describeFailure(thrown.error)] : [MESSAGE.end, id, items]);
    };
    this.outgoing.set(id, new OutgoingSequence(sequence, { item, end }));
    along.sequences.push(id);
    return id;
  }

  private stop(id: number): void {
    const sequence = this.outgoing.get(id);
    this.outgoing.delete(id);
    sequence?.stop();
  }

  private sequenceOf(id: number): IncomingSequence {
    if (this.incoming.size >= MOST_SEQUENCES * 2)
      throw new ProtocolError(`more than ${MOST_SEQUENCES * 2} sequences came on one connection that have not ended`);
    if (this.incoming.has(id)) throw new ProtocolError(`sequence ${id} came twice`);
    const { party, incoming, waited } = this;
    const stop = (): void => {
      if (incoming.delete(id)) void party.post([MESSAGE.stop, id]);
    };
    const sequence = new IncomingSequence({
      pull: (items) => void party.post([MESSAGE.pull, id, items]),
      stop,
      waits: (one, waits) => {
        if (waits) waited.add(one);
        else waited.delete(one);
        party.waitsChanged();
      },
    });
    incoming.set(id, new WeakRef(sequence));
    this.collected.register(sequence, stop);
    return sequence;
  }
}

/** Why a signal fired, as it travels: plain values as they are, all else described. */
function reasonToSend(reason: unknown): unknown {
  return typeof reason === "object" || typeof reason === "function" || typeof reason === "symbol"
    ? { failure: describeFailure(reason) }
    : { reason };
}

/** The reason as it is given here: what `abort()` and `AbortSignal.timeout()` make is recognised by its name there too. */
function reasonOf(sent: unknown): unknown {
  if (typeof sent !== "object" || sent === null) throw new ProtocolError("a signal's reason came that is none");
  if (!("failure" in sent)) return "reason" in sent ? sent.reason : undefined;
  const failure = failureOf(sent.failure);
  if (failure.name === "AbortError" || failure.name === "TimeoutError")
    return new DOMException(failure.message, failure.name);
  return restoreFailure(failure, "the caller's signal");
}
