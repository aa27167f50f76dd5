import type { FileMemory, Staleness } from "../platform/platform.ts";

/**
 * Together a second, which every write waits for before it is answered. D1 runs one query at a time, so its primary is
 * asked at most so often by a data centre; Cloudflare's clocks follow NTP and differ by much less. Milliseconds.
 */
export const STALENESS: Staleness = { reuse: 700, skew: 300 };

/** An isolate has 128 MB, and workerd streams what is larger faster from R2. Bytes. */
export const FILE_MEMORY: FileMemory = { budget: 16 * 1024 * 1024, largest: 64 * 1024 };

/** Cloudflare allows 30 s for what goes on after the client has left: enough for a file of this size. Bytes. */
export const FINISH_ALONE = 64 * 1024 * 1024;
