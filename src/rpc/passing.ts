import { ProtocolError, RemoteError, UsageError } from "../errors.js";
import { MESSAGE, REFERENCE } from "./calls.layout.js";
import { IncomingSequence } from "./incoming-sequence.js";
import { OutgoingSequence } from "./outgoing-sequence.js";
import { isId, joinValue, type Parted, partValue } from "./references.js";
import { describeFailure, failureOf, restoreFailure } from "./remote-failure.js";

/** Sequences that each side may have under way at once. */
const MOST_SEQUENCES = 1024;
/** Functions of this side that the other one may keep. */
const MOST_FUNCTIONS = 100_000;

type Callable = (...args: unknown[]) => unknown;

/** What went along with a value, to be taken back when it could not be sent or is not needed any more. */
export interface Along {
  readonly functions: number[];
  readonly forgetSignals: (() => void)[];
  readonly sequences: number[];
}

export const nothingAlong = (): Along => ({ functions: [], forgetSignals: [], sequences: [] });

/** A function that was passed, and how many times the other side has it. */
interface Passed {
  readonly fn: Callable;
  times: number;
}

/**
 * What is passed by reference in a session: functions, signals and sequences that stay where they are, under numbers, and
 * what stands for those of the other side.
 */
export class Passing {
  private nextId = 0;
  private readonly functions = new Map<number, Passed>();
  private readonly functionIds = new Map<Callable, number>();
  /** Of which number of the other side's a function here stands for. */
  private readonly proxyIds = new WeakMap<object, number>();
  private readonly signals = new Map<number, AbortController>();
  private readonly outgoing = new Map<number, OutgoingSequence>();
  private readonly incoming = new Map<number, WeakRef<IncomingSequence>>();
  /** Sequences on which somebody waits: nothing else may hold them. */
  private readonly waited = new Set<IncomingSequence>();
  private readonly collected = new FinalizationRegistry<() => void>((letGo) => letGo());

  constructor(
    private readonly send: (message: readonly unknown[]) => Promise<void>,
    private readonly call: (id: number, args: readonly unknown[]) => unknown,
    /** Somebody waits for an item, or not any more. */
    private readonly waitsChanged: () => void,
  ) {}

  get isWaited(): boolean {
    return this.waited.size > 0;
  }

  /** How many functions the other side may still call, and how many sequences are under way. */
  get counts(): { readonly functions: number; readonly sequences: number } {
    return { functions: this.functions.size, sequences: this.outgoing.size + this.incoming.size };
  }

  /** Takes what is passed by reference out of a value. `aborted`: a signal in it has fired. */
  part(value: unknown, along: Along, aborted?: (reason: unknown) => void): Parted {
    return partValue(value, (found, kind) => {
      if (kind === REFERENCE.signal) return [kind, this.passSignal(found as AbortSignal, along, aborted)];
      if (kind === REFERENCE.sequence) return [kind, this.passSequence(found as AsyncIterable<unknown>, along)];
      const own = this.proxyIds.get(found);
      return own === undefined ? [kind, this.passFunction(found as Callable, along)] : [REFERENCE.returned, own];
    });
  }

  /** Puts in what stands for what the other side has passed. `controllers`: of the signals. */
  join(value: unknown, refs: unknown, controllers?: AbortController[]): unknown {
    return joinValue(value, refs, (kind, id) => {
      if (kind === REFERENCE.function) return this.proxyOf(id);
      if (kind === REFERENCE.returned) return this.functionOf(id);
      if (kind === REFERENCE.sequence) return this.sequenceOf(id);
      if (kind !== REFERENCE.signal) throw new ProtocolError(`a reference of kind ${String(kind)} came`);
      const controller = new AbortController();
      controllers?.push(controller);
      if (controllers) this.signals.set(id, controller);
      return controller.signal;
    });
  }

  /** The function that the other side may call by this number. */
  functionOf(id: number): Callable {
    const passed = this.functions.get(id);
    if (passed) return passed.fn;
    throw new RemoteError("a function was called that was released, or never passed");
  }

  /** The call is over, and so is the time of its signals. */
  forgetSignals(controllers: readonly AbortController[]): void {
    if (controllers.length === 0) return;
    for (const [id, controller] of this.signals) if (controllers.includes(controller)) this.signals.delete(id);
  }

  takeBack({ functions, forgetSignals, sequences }: Along): void {
    for (const id of functions) this.release(id, 1);
    for (const forget of forgetSignals) forget();
    for (const id of sequences) this.stop(id);
  }

  /** The other side's word about something that was passed. False: it is none of these. @throws ProtocolError */
  hear(kind: number, id: number, third: unknown, fourth: unknown): boolean {
    switch (kind) {
      case MESSAGE.abort:
        this.signals.get(id)?.abort(restoreFailure(failureOf(third), "the caller's signal"));
        this.signals.delete(id);
        return true;
      case MESSAGE.release:
        this.release(id, Number(third));
        return true;
      case MESSAGE.pull:
        if (!isId(third)) throw new ProtocolError(`so many items of a sequence were asked for: ${String(third)}`);
        this.outgoing.get(id)?.pull(third);
        return true;
      case MESSAGE.item:
        this.incoming.get(id)?.deref()?.add(this.join(third, fourth));
        return true;
      case MESSAGE.end: {
        const sequence = this.incoming.get(id)?.deref();
        this.incoming.delete(id);
        sequence?.end(third === undefined ? undefined : { error: restoreFailure(failureOf(third), "a sequence") });
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
    for (const table of [this.signals, this.incoming, this.outgoing, this.functions, this.functionIds]) table.clear();
  }

  private passFunction(fn: Callable, along: Along): number {
    let id = this.functionIds.get(fn);
    if (id === undefined) {
      if (this.functions.size >= MOST_FUNCTIONS)
        throw new UsageError(`more than ${MOST_FUNCTIONS} functions were passed that the other side has not let go of`);
      id = this.nextId++;
      this.functionIds.set(fn, id);
      this.functions.set(id, { fn, times: 0 });
    }
    (this.functions.get(id) as Passed).times++;
    along.functions.push(id);
    return id;
  }

  private release(id: number, times: number): void {
    const passed = this.functions.get(id);
    if (!passed || !(times >= 1)) return;
    passed.times -= times;
    if (passed.times > 0) return;
    this.functions.delete(id);
    this.functionIds.delete(passed.fn);
  }

  private passSignal(signal: AbortSignal, along: Along, aborted: ((reason: unknown) => void) | undefined): number {
    const id = this.nextId++;
    const fire = (): void => {
      this.tell([MESSAGE.abort, id, describeFailure(signal.reason)]);
      aborted?.(signal.reason);
    };
    if (signal.aborted) queueMicrotask(fire);
    else signal.addEventListener("abort", fire, { once: true });
    along.forgetSignals.push(() => signal.removeEventListener("abort", fire));
    return id;
  }

  private passSequence(sequence: AsyncIterable<unknown>, along: Along): number {
    if (this.outgoing.size >= MOST_SEQUENCES)
      throw new UsageError(`more than ${MOST_SEQUENCES} sequences at once on one connection`);
    const id = this.nextId++;
    const item = async (value: unknown): Promise<void> => {
      const parts = nothingAlong();
      try {
        const parted = this.part(value, parts);
        await this.send(parted.refs ? [MESSAGE.item, id, parted.value, parted.refs] : [MESSAGE.item, id, parted.value]);
      } catch (error) {
        this.takeBack(parts);
        throw error;
      }
    };
    const end = (thrown?: { readonly error: unknown }): void => {
      if (this.outgoing.delete(id))
        this.tell(thrown ? [MESSAGE.end, id, describeFailure(thrown.error)] : [MESSAGE.end, id]);
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

  /** Stands for a function of the other side, who keeps it until this is collected or disposed of. */
  private proxyOf(id: number): Callable {
    const proxy: Callable = (...args) => this.call(id, args);
    let isKept = true;
    const { tell } = this;
    const letGo = (): void => {
      if (isKept) tell([MESSAGE.release, id, 1]);
      isKept = false;
    };
    Object.defineProperty(proxy, Symbol.dispose, { value: letGo });
    this.collected.register(proxy, letGo);
    this.proxyIds.set(proxy, id);
    return proxy;
  }

  private sequenceOf(id: number): IncomingSequence {
    if (this.incoming.size >= MOST_SEQUENCES * 2)
      throw new ProtocolError(`more than ${MOST_SEQUENCES * 2} sequences came on one connection that have not ended`);
    const { tell, incoming, waited } = this;
    const stop = (): void => {
      if (incoming.delete(id)) tell([MESSAGE.stop, id]);
    };
    const sequence = new IncomingSequence({
      pull: (items) => tell([MESSAGE.pull, id, items]),
      stop,
      waits: (one, waits) => {
        if (waits) waited.add(one);
        else waited.delete(one);
        this.waitsChanged();
      },
    });
    incoming.set(id, new WeakRef(sequence));
    this.collected.register(sequence, stop);
    return sequence;
  }

  /** Sends what nobody waits for; the end of the connection is told to all anyhow. */
  private readonly tell = (message: readonly unknown[]): void => {
    this.send(message).catch(() => undefined);
  };
}
