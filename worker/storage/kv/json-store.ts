import { SECOND } from "../../duration.ts";
import type { Gzipped } from "../../repository/gzip.ts";
import type { StoredHead, StoredJson } from "../../repository/stored-json.ts";
import { Memory } from "../memory.ts";
import type { Via } from "../../repository/artifact.ts";
import type { KeyValue } from "../../platform/key-value.ts";
import type { Context } from "../../repository/context.ts";
import type { StoreCopies } from "../cache/store-copies.ts";
import type { Objects } from "../../platform/objects.ts";

/**
 * How long this isolate uses its own copy, or its data centre's, while another isolate may have stored a newer one.
 * Milliseconds.
 */
const MEMORY_TTL = 5 * SECOND;

/** How long the same value is not written again; after that a failed write is repeated. Milliseconds. */
const WRITTEN_TTL = 10 * SECOND;

/** KV's limit for a value. Bytes. */
export const KV_MAX_VALUE = 25 * 1024 * 1024;

/**
 * KV's limit for a key, in bytes; our keys are ASCII. Only keys of documents, which have filenames in their paths, can
 * be longer.
 */
const KV_MAX_KEY = 512;

/** KV's metadata. `inR2`: the value in KV is empty, because it did not fit and is in R2. */
type Metadata<Head> = Head & { readonly inR2?: true };

/** A copy of a stored value, and when the store was read for it (milliseconds since the epoch). */
export interface JsonCopy<What extends string, Head> {
  readonly what: What;
  readonly head: Head;
  readonly takenAt: number;
}

/** How older copies are compared with what is stored, without a read of the store. */
export interface ComparedCopies<What extends string, Head> {
  /** How long copies are kept. Milliseconds. */
  readonly lifetime: number;
  /** Whether a copy is known to be what is stored. */
  isStored(copy: JsonCopy<What, Head>, ctx: Context): Promise<boolean>;
}

export interface JsonStoreParts<What extends string, Head extends StoredHead, Value> {
  readonly kv: KeyValue;
  /** Stores values that are too large for KV; undefined: they are not stored. */
  readonly r2?: Objects | undefined;
  readonly memory: Memory<Value>;
  /** Copies of small values for other isolates; undefined where there are none. */
  readonly copies?: StoreCopies | undefined;
  /** How copies are used for longer than some seconds; undefined: they are not. */
  readonly compared?: ComparedCopies<What, Head> | undefined;
  /** Digests of the values that this isolate has just written, by key. */
  readonly written: Memory<string>;
  /** Its key in KV and R2. */
  readonly keyOf: (what: What) => string;
  readonly make: (what: What, head: Head, gzip: Gzipped, via: Via) => Value;
  /** Larger values (gzipped, in bytes) do not go to KV. */
  readonly maxValue?: number | undefined;
}

/** Gzipped JSON in KV, with its head as KV's metadata; small values are in memory too for some seconds. */
export function jsonStore<What extends string, Head extends StoredHead, Value extends StoredJson<Head, Value>>(
  parts: JsonStoreParts<What, Head, Value>,
) {
  const { kv, r2, memory, copies, compared, written, keyOf, make, maxValue = KV_MAX_VALUE } = parts;
  const lifetime = compared?.lifetime ?? MEMORY_TTL;

  function remember(key: string, value: Value, now: number) {
    memory.set(key, value.as("memory"), value.weight, now + MEMORY_TTL);
  }

  /** A copy that may be used, and the time from which memory counts it (milliseconds since the epoch). */
  async function copyOf(what: What, key: string, now: number, ctx: Context | undefined) {
    const copy = await copies?.get(key, ctx ? lifetime : MEMORY_TTL);
    if (!copy) return undefined;
    const head = copy.facts as Head;
    const value = make(what, head, copy.body, "cache");
    if (copy.takenAt > now - MEMORY_TTL) return { value, from: copy.takenAt };
    if (ctx && (await compared?.isStored({ what, head, takenAt: copy.takenAt }, ctx))) return { value, from: now };
    await value.cancel();
    return undefined;
  }

  /** Copies what is stored for other isolates, where it is small. */
  async function putCopy(key: string, head: Head, body: Uint8Array, takenAt: number) {
    if (head.size <= Memory.MAX_VALUE)
      await copies?.put(key, { takenAt, facts: head, body }, lifetime, body.byteLength);
  }

  const forget = (what: What) => {
    memory.delete(keyOf(what));
    written.delete(keyOf(what));
  };

  return {
    /** Makes this isolate read the store again. */
    forget,

    async get(what: What, now: number, ctx?: Context): Promise<Value | null> {
      const key = keyOf(what);
      const last = memory.get(key, 0);
      const remembered = last && memory.get(key, now);
      if (remembered) return remembered;
      if (key.length > KV_MAX_KEY) return null;
      const copied = await copyOf(what, key, now, ctx);
      if (copied) {
        const value = (await copied.value.buffered()).withFormsOf(last);
        remember(key, value, copied.from);
        return value;
      }
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
      const buffered = (await value.buffered()).withFormsOf(last);
      remember(key, buffered, now);
      if (copies && ctx) ctx.defer(putCopy(key, buffered.head, await buffered.bytes(), now));
      return buffered;
    },

    /**
     * Makes this isolate serve the value from now on. True where it must also be written. False where its key is too
     * long, or it was just written: KV takes one write to a key a second, and many clients find the same change at
     * once.
     */
    begin(what: What, value: Value, now: number): boolean {
      const key = keyOf(what);
      const { digest } = value.head;
      remember(key, value, now);
      if (key.length > KV_MAX_KEY || written.get(key, now) === digest) return false;
      written.set(key, digest, 0, now + WRITTEN_TTL);
      return true;
    },

    /**
     * Writes a value for which `begin` returned true. The data centre has a copy at once: its KV may show for a minute what was
     * there before.
     */
    async write(what: What, value: Value, now: number): Promise<void> {
      const key = keyOf(what);
      const { head } = value;
      const bytes = await value.bytes();
      const fits = bytes.byteLength <= maxValue;
      if (!fits && !r2) return;
      if (!fits) await r2?.put(key, bytes);
      await kv.put(key, fits ? bytes : "", { metadata: fits ? head : { ...head, inR2: true } });
      await putCopy(key, head, bytes, now);
    },

    async delete(what: What): Promise<void> {
      const key = keyOf(what);
      forget(what);
      await copies?.delete([key]);
      await kv.delete(key);
      await r2?.delete(key);
    },
  };
}
