/** Downloads of a file through a server: their pace, first byte, bytes, and what the server's runtime needed for them. */
import { download } from "./download.ts";
import type { LargeFile } from "./files.ts";
import { watchMemory } from "./memory.ts";
import type { Origin } from "./origin.ts";

export interface Measurement {
  readonly label: string;
  readonly seconds: number;
  /** How many clients had the file at once. */
  readonly clients: number;
  /** From the request to the first byte; the longest of many. */
  readonly firstByteMs?: number;
  /** From the upstream's first byte to the client's, where the upstream was asked. */
  readonly lagMs?: number;
  /** Growth of the runtime while the client was served. */
  readonly servedBytes: number;
  /** Growth until what the server does afterwards was done too. */
  readonly finalBytes?: number;
  /** What a reader must know, failures first. */
  readonly remarks: readonly string[];
}

export interface Subject {
  readonly label: string;
  /** Of the process above the runtime. */
  readonly pid: number;
  readonly url: URL;
  /** How many ask for the file at once: 1 where it is not said. */
  readonly clients?: number;
  /** Waits for what the server does when the client has gone; memory is watched meanwhile. Resolves to remarks. */
  readonly afterwards?: () => Promise<readonly string[]>;
}

export async function measureDownload(subject: Subject, file: LargeFile, origin: Origin): Promise<Measurement> {
  const upstream = origin.watch(file);
  const memory = watchMemory(subject.pid);
  try {
    const clients = subject.clients ?? 1;
    const all = await Promise.all(Array.from({ length: clients }, () => download(subject.url)));
    const servedBytes = memory.growth();
    const right = all.every((got) => got.bytes === file.size && got.sha256 === file.sha256);
    const askedAt = Math.min(...all.map((got) => got.askedAt));
    const firstByteAt = Math.max(...all.map((got) => got.firstByteAt));
    const remarks = right ? [] : ["**wrong bytes**"];
    const later = await subject.afterwards?.();
    const firstBytesAt = upstream.firstBytesAt();
    return {
      label: subject.label,
      clients,
      seconds: Math.max(...all.map((got) => got.seconds)),
      firstByteMs: firstByteAt - askedAt,
      ...(firstBytesAt === undefined ? {} : { lagMs: firstByteAt - firstBytesAt }),
      servedBytes,
      ...(later === undefined ? {} : { finalBytes: memory.growth() }),
      remarks: [...remarks, ...(later ?? [])],
    };
  } finally {
    memory.end();
  }
}
