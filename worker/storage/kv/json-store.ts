import type { Gzipped } from "../../repository/gzip.ts";
import type { StoredHead, StoredJson } from "../../repository/stored-json.ts";
import { Memory } from "../memory.ts";
import type { Via } from "../../repository/artifact.ts";

/** How long this isolate believes its own copy, while another may have stored a newer one. Milliseconds. */
const MEMORY_TTL = 5_000;

/** How long what was just written is not written again. Milliseconds; a write that failed is then made up for. */
const WRITTEN_TTL = 10_000;

/** KV's limit for a value. */
export const KV_MAX_VALUE = 25 * 1024 * 1024;

/** KV's limit for a key, in bytes; ours are ASCII. Of documents alone, whose paths have a filename in them, some are longer. */
const KV_MAX_KEY = 512;

/** KV's metadata. `inR2` where the value is empty because it did not fit. */
type Metadata<Head> = Head & { readonly inR2?: true };

/** What a store of gzipped JSON is put together from. */
export interface JsonStoreParts<What extends string, Head extends StoredHead, Value> {
  readonly kv: KVNamespace;
  /** Where what is too large for KV lies; undefined: it is not kept. */
  readonly r2?: R2Bucket | undefined;
  readonly memory: Memory<Value>;
  /** Digests of what this isolate has just written, by key. */
  readonly written: Memory<string>;
  /** Its key in KV and R2. */
  readonly keyOf: (what: What) => string;
  readonly make: (what: What, head: Head, gzip: Gzipped, via: Via) => Value;
  /** Bytes of gzipped JSON above which it does not go to KV. */
  readonly maxValue?: number | undefined;
}

/** Gzipped JSON in KV, its head as KV's metadata, with small ones in memory for some seconds. */
export function jsonStore<What extends string, Head extends StoredHead, Value extends StoredJson<Head, Value>>(
  parts: JsonStoreParts<What, Head, Value>,
) {
  const { kv, r2, memory, written, keyOf, make, maxValue = KV_MAX_VALUE } = parts;

  function remember(key: string, value: Value, now: number) {
    memory.set(key, value.as("memory"), value.weight, now + MEMORY_TTL);
  }

  const forget = (what: What) => {
    memory.delete(keyOf(what));
    written.delete(keyOf(what));
  };

  return {
    /** Has this isolate look in the store again. */
    forget,

    async get(what: What, now: number): Promise<Value | null> {
      const key = keyOf(what);
      const remembered = memory.get(key, now);
      if (remembered) return remembered;
      if (key.length > KV_MAX_KEY) return null;
      const { value: gzip, metadata } = await kv.getWithMetadata<Metadata<Head>>(key, "stream");
      if (!gzip || !metadata) return null;
      const { inR2, ...head } = metadata;
      if (inR2) {
        await gzip.cancel();
        const object = await r2?.get(key);
        return object ? make(what, head as unknown as Head, object.body, "r2") : null;
      }
      const value = make(what, head as unknown as Head, gzip, "kv");
      if (head.size > Memory.MAX_VALUE) return value;
      const buffered = await value.buffered();
      remember(key, buffered, now);
      return buffered;
    },

    /**
     * Has this isolate serve it from now on. False where that is all there is to do: it has just been written, since KV takes
     * one write to a key a second and many clients at once find the same change; or it has no place.
     */
    begin(what: What, value: Value, now: number): boolean {
      const key = keyOf(what);
      const { digest } = value.head;
      remember(key, value, now);
      if (key.length > KV_MAX_KEY || written.get(key, now) === digest) return false;
      written.set(key, digest, 0, now + WRITTEN_TTL);
      return true;
    },

    /** Writes what `begin` said is to be written. */
    async write(what: What, value: Value): Promise<void> {
      const key = keyOf(what);
      const { head } = value;
      const bytes = await value.bytes();
      const fits = bytes.byteLength <= maxValue;
      if (!fits && !r2) return;
      if (!fits) await r2?.put(key, bytes);
      await kv.put(key, fits ? bytes : "", { metadata: fits ? head : { ...head, inR2: true } });
    },

    async delete(what: What): Promise<void> {
      const key = keyOf(what);
      forget(what);
      await kv.delete(key);
      await r2?.delete(key);
    },
  };
}
