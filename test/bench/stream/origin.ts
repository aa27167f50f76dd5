import { join } from "node:path";
/** An upstream with large files, and a record of when it was asked for them. */
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { LargeFile } from "./files.ts";

export type OriginEvent =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "opened"; readonly filename: string }
  | { readonly kind: "first-bytes"; readonly filename: string; readonly at: number }
  | { readonly kind: "closed"; readonly filename: string };

/** What has happened to one file since the watch began. */
export interface OriginWatch {
  /** How often its body has been asked for. */
  requests(): number;
  /** When its first bytes were handed to the network, by `wallClock`. */
  firstBytesAt(): number | undefined;
}

export interface Origin {
  readonly simple: URL;
  fileUrl(file: LargeFile): URL;
  watch(file: LargeFile): OriginWatch;
  /** Whether any body is under way. */
  busy(): boolean;
  stop(): Promise<unknown>;
}

/** Milliseconds, finer than Date.now, and the same in every thread. */
export function wallClock(): number {
  return performance.timeOrigin + performance.now();
}

export async function startOrigin(files: readonly LargeFile[]): Promise<Origin> {
  const log: OriginEvent[] = [];
  const thread = new Worker(join(import.meta.dirname, "origin-thread.ts"), { workerData: files });
  thread.unref();
  thread.on("message", (event: OriginEvent) => log.push(event));
  thread.on("error", (error) => {
    throw error;
  });
  const port = await listening(log);
  const root = `http://127.0.0.1:${port}`;
  return {
    simple: new URL(`${root}/simple/`),
    fileUrl: (file) => new URL(`${root}/files/${file.filename}`),
    watch: (file) => watch(log, file),
    busy: () => count(log, "opened") > count(log, "closed"),
    stop: () => thread.terminate(),
  };
}

async function listening(log: readonly OriginEvent[]): Promise<number> {
  for (;;) {
    const [first] = log;
    if (first?.kind === "listening") return first.port;
    await sleep(20);
  }
}

function watch(log: readonly OriginEvent[], file: LargeFile): OriginWatch {
  const from = log.length;
  const events = (): readonly OriginEvent[] =>
    log.slice(from).filter((event) => "filename" in event && event.filename === file.filename);
  return {
    requests: () => count(events(), "opened"),
    firstBytesAt: () => events().find((event) => event.kind === "first-bytes")?.at,
  };
}

function count(events: readonly OriginEvent[], kind: OriginEvent["kind"]): number {
  return events.filter((event) => event.kind === kind).length;
}
