import type { Traits } from "./mechanism.js";

/** Round trips: medians over the slices. */
export interface RoundTrip {
  readonly p50Micros: number;
  readonly p99Micros: number;
  /** How many were made while it counted. */
  readonly trips: number;
  /** How many of them were not answered. */
  readonly lost: number;
  /** The p50 of each slice. */
  readonly slices: readonly number[];
}

/** Messages one way: the median over the slices. */
export interface OneWay {
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  readonly messages: number;
  readonly lost: number;
  /** Messages a second of each slice. */
  readonly slices: readonly number[];
}

/** What was measured of one mechanism with messages of one length (0 for a signal, 4 for a number). */
export interface Cell {
  readonly mechanism: string;
  readonly bytes: number;
  readonly roundTrip?: RoundTrip;
  readonly oneWay?: OneWay;
  /** Why a figure is missing. */
  readonly problem?: string;
}

/** A mechanism that was not measured, or not with messages of some length, and why. */
export interface Skipped {
  readonly mechanism: string;
  readonly bytes?: number;
  readonly why: string;
}

/** The machine and the moment, without which a figure says nothing. */
export interface MachineFacts {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly os: string;
  readonly runtime: string;
  readonly interproc: string;
  /** Processes that wanted to run, on average, in the minute before and in that at the end. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly startedAt: string;
  readonly seconds: number;
}

/** Everything that `interproc bench` has found. */
export interface BenchResults {
  readonly machine: MachineFacts;
  readonly mechanisms: readonly Traits[];
  readonly cells: readonly Cell[];
  readonly skipped: readonly Skipped[];
  readonly warnings: readonly string[];
}
