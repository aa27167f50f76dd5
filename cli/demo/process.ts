import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { connect, createServer } from "node:net";
import { MINUTE, SECOND, inSeconds } from "../../worker/duration.ts";
import { endGroupWithUs, forgetGroup } from "./leftovers.ts";
import { signal, signalGroup } from "./signal.ts";

/** The folder and environment of a child process; `env` replaces this process's environment, it is not merged with it. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
  /** Has the command killed, with all that it has started. */
  readonly signal?: AbortSignal | undefined;
}

/** How a command ended: `code` is null when a signal (or the timeout) ended it; `output` is stdout and stderr as they came. */
export interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly seconds: number;
}

/** With what a program reads that calls the command. */
interface WholeOutcome extends Outcome {
  readonly stdout: string;
}

/** A child that serves until it is stopped. */
export interface StartedServer {
  /** It leads a process group of its own. */
  readonly pid: number;
  output(): string;
  /** Sends SIGTERM, kills it after `grace` milliseconds (5 s), and returns with its exit code (null: a signal ended it). */
  stop(by?: NodeJS.Signals, grace?: number): Promise<number | null>;
  /** Kills it, and all processes that it has started, at once. */
  kill(): Promise<void>;
}

const COMMAND_TIMEOUT = MINUTE;
const READY_TIMEOUT = MINUTE;
const GRACE = 5 * SECOND;

/** Runs a command to its end and captures its output. Never rejects for a non-zero exit code. */
export async function run(
  command: string,
  args: readonly string[],
  surroundings: RunOptions = {},
): Promise<WholeOutcome> {
  const begun = performance.now();
  const child = launch(command, args, surroundings);
  const kill = (): void => signalGroup(child.pid, "SIGKILL");
  const timer = setTimeout(kill, surroundings.timeoutMs ?? COMMAND_TIMEOUT);
  surroundings.signal?.addEventListener("abort", kill);
  const code = await child.ended;
  surroundings.signal?.removeEventListener("abort", kill);
  clearTimeout(timer);
  return { code, output: child.output(), stdout: child.stdout(), seconds: inSeconds(performance.now() - begun) };
}

/**
 * Starts a server and waits until it is ready: until its output matches a pattern, or a port takes connections.
 * Rejects, with its output, when it ends first or takes too long; no process of it then goes on running.
 */
export async function startServer(
  command: string,
  args: readonly string[],
  ready: RegExp | { readonly port: number },
  surroundings: RunOptions = {},
): Promise<StartedServer> {
  const child = launch(command, args, surroundings);
  let over = false;
  void child.ended.then(() => (over = true));
  const deadline = performance.now() + (surroundings.timeoutMs ?? READY_TIMEOUT);
  const isReady = async (): Promise<boolean> =>
    ready instanceof RegExp ? ready.test(child.output()) : listens(ready.port);
  while (child.pid === null || !(await isReady())) {
    if (over || performance.now() > deadline) {
      signalGroup(child.pid, "SIGKILL");
      const why = over ? "ended before it was ready" : "was not ready in time";
      throw new Error(`${[command, ...args].join(" ")} ${why}:\n${child.output()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    pid: child.pid,
    output: child.output,
    stop: (by = "SIGTERM", grace = GRACE) => stop(child, by, grace),
    kill: async () => {
      signalGroup(child.pid, "SIGKILL");
      await child.ended;
    },
  };
}

/**
 * A TCP port on loopback that is free at this moment. It is none that the system gives out by itself: such a port may be
 * an outgoing connection's a moment later, and a server that is then started on it ends with EADDRINUSE.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(FIRST_PORT, SYSTEM_PORTS);
    if (await canListen(port)) return port;
  }
  throw new Error(`no port from ${FIRST_PORT} to ${SYSTEM_PORTS} is free`);
}

/** Above the ports of well-known services. */
const FIRST_PORT = 15_000;

/** Where the ports begin that Linux gives to outgoing connections; macOS and Windows begin at 49,152. */
const SYSTEM_PORTS = 32_768;

async function canListen(port: number): Promise<boolean> {
  const server = createServer();
  const listening = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
  });
  if (listening) await new Promise((resolve) => server.close(resolve));
  return listening;
}

interface Running {
  /** Null when the command could not be started; `ended` and `output` tell the rest. */
  readonly pid: number | null;
  readonly ended: Promise<number | null>;
  output(): string;
  stdout(): string;
}

function launch(command: string, args: readonly string[], surroundings: RunOptions): Running {
  const child = spawn(command, args, {
    cwd: surroundings.cwd,
    env: surroundings.env ?? process.env,
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own: one signal reaches a server's own children too.
    detached: true,
  });
  let output = "";
  let stdout = "";
  const note = (text: string): void => void (output += text);
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    note(text);
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", note);
  const pid = child.pid ?? null;
  if (pid !== null) endGroupWithUs(pid);
  const ended = new Promise<number | null>((resolve) => {
    child.once("error", (error) => {
      note(`${error.message}\n`);
      if (pid === null) resolve(null);
    });
    child.once("close", (code) => {
      if (pid !== null) forgetGroup(pid);
      resolve(code);
    });
  });
  return { pid, ended, output: () => output, stdout: () => stdout };
}

async function stop(child: Running, by: NodeJS.Signals, grace: number): Promise<number | null> {
  // Only the leader is asked: a server that ends cleanly ends its own children, and tests check that, too.
  signal(child.pid, by);
  const timer = setTimeout(() => signalGroup(child.pid, "SIGKILL"), grace);
  const code = await child.ended;
  clearTimeout(timer);
  return code;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const answer = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket.once("connect", () => answer(true)).once("error", () => answer(false));
  });
}
