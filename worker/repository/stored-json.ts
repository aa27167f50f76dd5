import { bytesOf, inflate, type Gzipped } from "./gzip.ts";
import { sha256 } from "./sha256.ts";
import type { Via } from "./artifact.ts";

/** What is known of stored JSON without looking inside; small enough for KV's metadata (1,024 bytes). */
export interface StoredHead {
  /** Hex; made from the content, the same whenever the content is the same. Not yet an ETag: that is a representation's. */
  readonly digest: string;
  /** Milliseconds since the epoch at which the content was first seen as it is. */
  readonly changedAt: number;
  /** The upstream's serial, as it wrote it. */
  readonly serial?: number | string | undefined;
  /** Bytes of the gzipped text. */
  readonly size: number;
  /** Bytes of the same, inflated. */
  readonly plainSize: number;
}

/** Up to this size what is in memory is kept inflated as well, once somebody has wanted it so. Bytes. */
const MAX_PLAIN = 20 * 1024;

/** Gzipped JSON from an upstream: bytes until someone must look inside. `Self` is the class that extends it. */
export abstract class StoredJson<Head extends StoredHead, Self extends StoredJson<Head, Self>> {
  readonly head: Head;
  readonly via: Via;
  /** Its other forms, once somebody has wanted them: the same for all copies. */
  protected forms: { plain?: Uint8Array; html?: Uint8Array } = {};
  #gzip: Gzipped;
  #uncheckedSince: number | undefined;

  constructor(head: Head, gzip: Gzipped, via: Via) {
    this.head = head;
    this.via = via;
    this.#gzip = gzip;
  }

  protected abstract copy(gzip: Gzipped, via: Via): Self;

  /** The same with its bytes in memory, so that it can be read more than once. */
  async buffered(): Promise<Self> {
    return this.copy(await this.bytes(), this.via);
  }

  /** The same, said to come from elsewhere. */
  as(via: Via): Self {
    const copy = this.copy(this.#gzip, via);
    copy.forms = this.forms;
    return copy;
  }

  /** The same, served although the upstream could not be asked about it since then. Milliseconds since the epoch. */
  stale(since: number): Self {
    const copy = this.as("stale");
    copy.#uncheckedSince = since;
    return copy;
  }

  /** Since when the upstream could not be asked about it; undefined where it was asked in time. */
  get uncheckedSince(): number | undefined {
    return this.#uncheckedSince;
  }

  /** The JSON, gzipped, for passing on. What is fresh from a store gives its stream once. */
  gzip(): Gzipped {
    return this.#gzip;
  }

  /** The gzipped bytes in memory. */
  async bytes(): Promise<Uint8Array> {
    if (!(this.#gzip instanceof Uint8Array)) this.#gzip = await bytesOf(this.#gzip);
    return this.#gzip;
  }

  /** The JSON, inflated: where it is small and in memory once for all readers, else as it is read. */
  async json(): Promise<Uint8Array | ReadableStream<Uint8Array>> {
    const gzip = this.#gzip;
    if (!(gzip instanceof Uint8Array) || !this.isSmall) return inflate(gzip);
    this.forms.plain ??= await bytesOf(inflate(gzip));
    return this.forms.plain;
  }

  /** The inflated JSON. */
  async text(): Promise<string> {
    return new Response(await this.json()).text();
  }

  /** Bytes that it takes in memory, its other forms included. */
  get weight(): number {
    const { size, plainSize } = this.head;
    return this.isSmall ? size + plainSize : size;
  }

  protected get isSmall(): boolean {
    return this.head.plainSize <= MAX_PLAIN;
  }

  /** Gives the bytes up unread. */
  async cancel(): Promise<void> {
    if (!(this.#gzip instanceof Uint8Array)) await this.#gzip.cancel();
  }
}

/** A `head.digest`: of the content, and of what else makes two states of it differ. */
export async function digestOf(content: Uint8Array, ...facts: (string | number | undefined)[]): Promise<string> {
  const text = `${await sha256(content)} ${facts.map((fact) => fact ?? "").join(" ")}`;
  return (await sha256(new TextEncoder().encode(text))).slice(0, 32);
}
