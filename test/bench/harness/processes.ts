/**
 * Child processes that are ready when `start` returns and gone, with all their children, when `stop` does.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { onExit } from "./cleanup.ts";
import { processTable } from "./process-table.ts";

const START_MS = 120_000;
const STOP_MS = 15_000;
const TAIL_BYTES = 4_000;

export interface Settings {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** How a process shows that it serves: a line on its stdout, or a port that accepts connections. */
export type Readiness = { readonly line: RegExp } | { readonly port: number };

export interface Running {
  readonly pid: number;
  /** How the process ended and what it said last, if it ended without being stopped. */
  ending(): string | undefined;
  /** Ends the process politely, then by force. Resolves to what had to be forced, if anything. */
  stop(): Promise<string | undefined>;
}

/** Starts a server and waits until it is ready; throws, with its last output, if it ends or dawdles. */
export async function start(command: readonly string[], ready: Readiness, settings: Settings = {}): Promise<Running> {
  const child = launch(command, settings);
  const tail = collectTail(child);
  const ended = end(child, "exit");
  const pid = await pidOf(child);
  const forget = onExit(() => killGroup(pid, "SIGKILL"));

  const stop = async (): Promise<string | undefined> => {
    let forced: string | undefined;
    if (alive(child)) {
      child.kill("SIGTERM");
      if (!(await within(STOP_MS, ended))) forced = `${name(command)} ignored SIGTERM`;
    }
    if (!forced && groupLives(pid)) {
      await sleep(1_000);
      if (groupLives(pid)) forced = `${name(command)} left processes behind`;
    }
    killGroup(pid, "SIGKILL");
    forget();
    return forced;
  };

  const outcome = await Promise.race([
    isReady(child, ready).then(() => "ready"),
    ended.then(() => "it ended"),
    sleep(START_MS, `no sign of life in ${START_MS / 1000} s`, { ref: false }),
  ]);
  if (outcome !== "ready") {
    await stop();
    throw new Error(`${name(command)} did not start: ${outcome}\n${tail()}`);
  }
  const ending = (): string | undefined =>
    alive(child)
      ? undefined
      : `it ended (${child.exitCode ?? child.signalCode}); its last words: ${lastLines(tail(), 3)}`;
  return { pid, stop, ending };
}

/** Runs a command to its end and returns its stdout; throws, with its output, on failure. */
export async function run(command: readonly string[], settings: Settings = {}, timeoutMs = START_MS): Promise<string> {
  const child = launch(command, settings);
  const tail = collectTail(child);
  const ended = end(child, "close");
  let stdout = "";
  child.stdout?.on("data", (piece: string) => (stdout += piece));
  const pid = await pidOf(child);
  const forget = onExit(() => killGroup(pid, "SIGKILL"));
  const inTime = await within(timeoutMs, ended);
  killGroup(pid, "SIGKILL");
  forget();
  if (!inTime) throw new Error(`${name(command)} took more than ${timeoutMs / 1000} s\n${tail()}`);
  if (child.exitCode !== 0) {
    throw new Error(`${name(command)} failed (${child.exitCode ?? child.signalCode})\n${tail()}`);
  }
  return stdout;
}

/** A process group of its own, so that the children of the child can be ended with it. */
function launch(command: readonly string[], settings: Settings): ChildProcess {
  const [file, ...args] = command;
  if (file === undefined) throw new Error("empty command");
  const child = spawn(file, args, {
    ...settings,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout?.setEncoding("utf8");
  child.stderr?.setEncoding("utf8");
  return child;
}

async function pidOf(child: ChildProcess): Promise<number> {
  if (child.pid === undefined) await once(child, "spawn");
  if (child.pid === undefined) throw new Error("process without an id");
  return child.pid;
}

/**
 * Never rejects: a command that cannot be spawned is reported by `pidOf`.
 *
 * `exit` is right for a server, whose children may hold its stdout open; `close` for a command whose stdout is wanted whole.
 */
function end(child: ChildProcess, event: "exit" | "close"): Promise<void> {
  return new Promise((resolve) => child.once(event, () => resolve()));
}

function alive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function collectTail(child: ChildProcess): () => string {
  let tail = "";
  const append = (piece: string): void => {
    tail = (tail + piece).slice(-TAIL_BYTES);
  };
  child.stdout?.on("data", append);
  child.stderr?.on("data", append);
  return () => tail;
}

async function isReady(child: ChildProcess, ready: Readiness): Promise<void> {
  if ("port" in ready) {
    while (alive(child) && !(await accepts(ready.port))) await sleep(50);
    return;
  }
  let seen = "";
  await new Promise<void>((resolve) => {
    child.stdout?.on("data", (piece: string) => {
      seen = (seen + piece).slice(-TAIL_BYTES);
      if (ready.line.test(seen)) resolve();
    });
  });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

async function within(milliseconds: number, event: Promise<unknown>): Promise<boolean> {
  return Promise.race([event.then(() => true), sleep(milliseconds, false, { ref: false })]);
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is empty.
  }
}

function groupLives(group: number): boolean {
  return processTable().some((entry) => entry.group === group);
}

function lastLines(text: string, count: number): string {
  return text.trim().split("\n").slice(-count).join("\n");
}

/** `node pypi-edge.ts serve`, `python -m`: enough to know which it was. */
function name(command: readonly string[]): string {
  return command
    .slice(0, 2)
    .map((word) => basename(word))
    .join(" ");
}
