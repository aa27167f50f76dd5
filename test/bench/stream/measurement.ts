/** One download through a server: its pace, its first byte, its bytes, and what the server's runtime needed for it. */
import { download } from "./download.ts";
import type { LargeFile } from "./files.ts";
import { watchMemory } from "./memory.ts";
import type { Origin } from "./origin.ts";

export interface Measurement {
  readonly label: string;
  readonly seconds: number;
  /** From the request to the first byte. */
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
  /** Waits for what the server does when the client has gone; memory is watched meanwhile. Resolves to remarks. */
  readonly afterwards?: () => Promise<readonly string[]>;
}

export async function measureDownload(subject: Subject, file: LargeFile, origin: Origin): Promise<Measurement> {
  const upstream = origin.watch(file);
  const memory = watchMemory(subject.pid);
  try {
    const got = await download(subject.url);
    const servedBytes = memory.growth();
    const right = got.bytes === file.size && got.sha256 === file.sha256;
    const remarks = right ? [] : ["**wrong bytes**"];
    const later = await subject.afterwards?.();
    const firstBytesAt = upstream.firstBytesAt();
    return {
      label: subject.label,
      seconds: got.seconds,
      firstByteMs: got.firstByteAt - got.askedAt,
      ...(firstBytesAt === undefined ? {} : { lagMs: got.firstByteAt - firstBytesAt }),
      servedBytes,
      ...(later === undefined ? {} : { finalBytes: memory.growth() }),
      remarks: [...remarks, ...(later ?? [])],
    };
  } finally {
    memory.end();
  }
}
