import { inSeconds } from "../../duration.ts";
import type { Platform } from "../../platform/platform.ts";
import { parsedJson } from "../../pypi/parsed-json.ts";
import type { RangeSpec } from "../../repository/range.ts";
import type { sharedKeys } from "../keys.ts";
import { Memory } from "../memory.ts";

const TAKEN_AT = "Taken-At";
const FACTS = "Facts";

type Body = Uint8Array | ReadableStream<Uint8Array>;

/** What a store gave. */
interface StoreCopy {
  /** When the read of the store began, ms: memory inherits it, so that no copy makes what it has look younger. */
  readonly takenAt: number;
  /** JSON. */
  readonly facts: unknown;
  readonly body: Body;
}

/**
 * Copies of what was read from the stores of mirrored pages and files, in the data centre's cache: the other isolates
 * there need not read it, too. Their keys are the stores', so they tell neither clients nor indexes apart, and callers
 * check who may read a value before they look here. A failure costs a read of the store.
 */
export interface StoreCopies {
  /** A larger copy could not be finished behind an answer. Bytes. */
  readonly limit: number;
  /** The copy, its body in memory where it is small, of what was read `lifetime` ms ago at most, or the part of it that `range` selects. */
  get(key: string, lifetime: number, range?: RangeSpec): Promise<StoreCopy | undefined>;
  /**
   * Stores a copy; nothing of it, where the body breaks off or has another size. Does not reject.
   *
   * @param lifetime milliseconds
   * @param size bytes
   */
  put(key: string, copy: StoreCopy, lifetime: number, size: number): Promise<void>;
  /** Does not reject. */
  delete(keys: readonly string[]): Promise<void>;
}

export function storeCopiesIn(
  { cache, pipe, now, finishAlone }: Pick<Platform, "cache" | "pipe" | "now" | "finishAlone">,
  { copy: at }: ReturnType<typeof sharedKeys>,
): StoreCopies {
  return {
    limit: finishAlone,

    async get(key, lifetime, range) {
      try {
        const headers = new Headers(range && { Range: rangeHeader(range) });
        const found = await cache.match(new Request(at(key), { headers }));
        const takenAt = Number(found?.headers.get(TAKEN_AT) ?? Number.NaN);
        const facts = parsedJson(decodeURIComponent(found?.headers.get(FACTS) ?? ""));
        const isAsked = found?.status === (range ? 206 : 200);
        if (found?.body && isAsked && facts !== undefined && takenAt > now() - lifetime)
          return { takenAt: Math.min(takenAt, now()), facts, body: await bodyOf(found) };
        await found?.body?.cancel();
      } catch {
        // The store is read.
      }
      return undefined;
    },

    async put(key, { takenAt, facts, body }, lifetime, size) {
      const headers = {
        "Cache-Control": `max-age=${inSeconds(lifetime)}`,
        // Cloudflare cuts parts only out of what has it, and compresses nothing of this type.
        "Content-Length": String(size),
        "Content-Type": "application/octet-stream",
        [TAKEN_AT]: String(takenAt),
        [FACTS]: encodeURIComponent(JSON.stringify(facts)),
      };
      try {
        if (body instanceof Uint8Array) return await cache.put(at(key), new Response(body, { headers }));
        const { readable, writable } = pipe(size);
        await Promise.all([body.pipeTo(writable), cache.put(at(key), new Response(readable, { headers }))]);
      } catch {
        // The next request reads the store.
      }
    },

    async delete(all) {
      await Promise.all(all.map((key) => cache.delete(at(key)).catch(() => undefined)));
    },
  };
}

/** Read here where it is small: a cache that fails in the middle then costs a read of the store, not an answer. */
async function bodyOf(found: Response): Promise<Body> {
  const size = Number(found.headers.get("Content-Length") ?? Infinity);
  if (size > Memory.MAX_VALUE) return found.body as ReadableStream<Uint8Array>;
  const bytes = new Uint8Array(await found.arrayBuffer());
  if (bytes.byteLength !== size) throw new Error(`the copy has ${bytes.byteLength} of ${size} bytes`);
  return bytes;
}

const rangeHeader = (range: RangeSpec) =>
  "suffix" in range ? `bytes=-${range.suffix}` : `bytes=${range.start}-${range.end ?? ""}`;
