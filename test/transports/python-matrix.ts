import type { ConnectOptions } from "interproc";
import type { Python } from "./pythons.js";

/** What each side comes to: `"connected"`, or the name of an error. */
export interface Outcome {
  readonly ours: string;
  /** One of these: a side that is left may learn of it in different ways. */
  readonly python: readonly string[];
}

/** Which key each side has, and what comes of it, in both roles. */
export interface MatrixRow {
  readonly keys: string;
  readonly options: ConnectOptions;
  /** Python's authkey. */
  readonly key: string | null;
  /** We listen, Python is the client. */
  readonly listening: Record<Kind, Outcome>;
  /** Python listens, we are the client. */
  readonly connecting: Record<Kind, Outcome>;
}

export type Kind = "legacy" | "modern";

/** Python 3.12 and newer name digests in their handshake; older ones know MD5 only. */
export const kindOf = ({ version }: Python): Kind => (Number(version.split(".")[1]) >= 12 ? "modern" : "legacy");

const connected: Outcome = { ours: "connected", python: ["connected"] };
const refused: Outcome = { ours: "AuthenticationError", python: ["AuthenticationError"] };
const left: Outcome = {
  ours: "AuthenticationError",
  python: ["EOFError", "AuthenticationError", "ConnectionResetError"],
};
const undecodable: Outcome = { ours: "AuthenticationError", python: ["UnpicklingError"] };
/** Python finds something else than a challenge, and leaves: 3.11 and older check it by `assert`. */
const noChallenge = (error: string): Outcome => ({ ours: "EOFError", python: [error] });

const both = (outcome: Outcome): Record<Kind, Outcome> => ({ legacy: outcome, modern: outcome });

/** Soon, because a listener without a key never answers; it takes no part in what is tested otherwise. */
const IN_VAIN_MS = 150;

/** All that can come of keys on two sides. The page docs/formats/python.md has it as a table. */
export const pythonMatrix: readonly MatrixRow[] = [
  { keys: "none", options: {}, key: null, listening: both(connected), connecting: both(connected) },
  {
    keys: "the same, SHA-256 only",
    options: { authkey: "secret" },
    key: "secret",
    listening: { legacy: refused, modern: connected },
    connecting: { legacy: refused, modern: connected },
  },
  {
    keys: "the same, `md5: true`",
    options: { authkey: "secret", md5: true },
    key: "secret",
    listening: both(connected),
    connecting: both(connected),
  },
  {
    keys: "different ones",
    options: { authkey: "right", md5: true },
    key: "wrong",
    listening: both(refused),
    connecting: both(refused),
  },
  {
    keys: "ours only",
    options: { authkey: "secret", md5: true, handshakeTimeout: IN_VAIN_MS },
    key: null,
    listening: both(undecodable),
    connecting: both(undecodable),
  },
  {
    keys: "Python's only",
    options: {},
    key: "secret",
    listening: { legacy: noChallenge("AssertionError"), modern: noChallenge("AuthenticationError") },
    connecting: both(left),
  },
];

/** The table, as Markdown. */
export function matrixTable(): string {
  const cell = ({ ours, python }: Outcome): string =>
    ours === "connected" ? "connected" : `${ours}; ${python.join(" or ")}`;
  return [
    "| keys | Python | `listen()`, Python's `Client` | `connect()`, Python's `Listener` |",
    "| --- | --- | --- | --- |",
    ...pythonMatrix.flatMap(({ keys, listening, connecting }) =>
      (["legacy", "modern"] as const).map(
        (kind) =>
          `| ${keys} | ${kind === "legacy" ? "3.7 to 3.11" : "3.12, 3.13"} | ${cell(listening[kind])} | ${cell(connecting[kind])} |`,
      ),
    ),
  ].join("\n");
}
