/** Load on a server, in turns: what a driver is asked to do, and what it says of each turn. */
import type { Headers } from "./http.ts";

/** The same request, as often as a driver can send it. */
export interface Repeated {
  readonly url: URL;
  readonly headers: Headers;
  /** Of each answer, as it travels. */
  readonly bodyBytes: number;
  /** What one answer takes, with nothing else asked. */
  readonly seconds: number;
}

/** What came of a turn. */
export interface Turn {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Why the figure must not be trusted, if so. */
  readonly fault: string | undefined;
}

/** Sends one request again and again. */
export interface Loader {
  /** Loads for as long as a turn of its driver lasts. */
  turn(): Promise<Turn>;
  close(): void;
}

/** A way to load servers. */
export interface Driver {
  readonly turnsPerRound: number;
  /** Turns before the first round, whose figures are dropped: a runtime compiles what it is asked often. */
  readonly droppedTurns: number;
  /** How long to wait behind a turn for what the server does after its answers. Milliseconds. */
  readonly restMs: number;
  /** A server may close a connection that has nothing to do for seconds: this comes right before the first turn. */
  open(request: Repeated): Promise<Loader>;
}

/** As many connections as each driver has. */
export const CONNECTIONS = 16;

/** How long an answer may take under load. */
export const TIMEOUT_S = 30;
