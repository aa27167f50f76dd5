import { bytesOf, inflate, inflated, uncopied, type Gzipped } from "./gzip.ts";
import { joined } from "./give-way.ts";
import { type Inflatable, LastRead } from "./last-read.ts";
import { sha256 } from "./sha256.ts";
import type { Via } from "./artifact.ts";
import type { NowOrLater } from "./now-or-later.ts";

/** The facts of stored JSON, known without reading it; small enough for KV's metadata (1,024 bytes). */
export interface StoredHead {
  /**
   * Hash of the content, in hex: the same content always has the same. Not an ETag: each representation has its own.
   */
  readonly digest: string;
  /** When this content was first seen. Milliseconds since the epoch. */
  readonly changedAt: number;
  /** The upstream's serial, as it wrote it. */
  readonly serial?: number | string | undefined;
  /** Bytes of the gzipped text. */
  readonly size: number;
  /** Bytes of the same, inflated. */
  readonly plainSize: number;
}

/** Up to this size the inflated form is kept in memory too, once it was needed. Bytes. */
const MAX_PLAIN = 20 * 1024;

/** The other forms of stored JSON. */
interface Forms extends Inflatable {
  html?: Uint8Array;
}

const LAST_READ = new LastRead();

/** Gzipped JSON from an upstream. It is inflated and parsed only where needed. `Self` is the class that extends it. */
export abstract class StoredJson<Head extends StoredHead, Self extends StoredJson<Head, Self>> {
  readonly head: Head;
  readonly via: Via;
  /** Its other forms, once they were needed; shared by all copies. */
  protected forms: Forms = {};
  #gzip: Gzipped;
  #uncheckedSince: number | undefined;

  constructor(head: Head, gzip: Gzipped, via: Via) {
    this.head = head;
    this.via = via;
    this.#gzip = gzip;
  }

  protected abstract copy(gzip: Gzipped, via: Via): Self;

  /** The same, once its bytes are in memory, so that it can be read more than once. */
  async buffered(): Promise<this> {
    await this.bytes();
    return this;
  }

  /** The same, with another `via`. */
  as(via: Via): Self {
    return this.withSameForms(this.copy(this.#gzip, via));
  }

  /** The same, to be passed on once: where it is not small, its bytes in memory are a stream. */
  async streamed(): Promise<Self> {
    if (this.isSmall) return this.as(this.via);
    return this.withSameForms(this.copy(uncopied(await this.bytes()), this.via));
  }

  /** The same, to be passed on once in the place of `other`: as new and as stale as that is. */
  inPlaceOf(other: Pick<Self, "via" | "uncheckedSince">): NowOrLater<Self | this> {
    const isSame = this.isSmall && this.via === other.via && other.uncheckedSince === undefined;
    return isSame ? this : this.#copiedAs(other);
  }

  async #copiedAs({ via, uncheckedSince }: Pick<Self, "via" | "uncheckedSince">): Promise<Self> {
    const gzip = this.isSmall ? this.#gzip : uncopied(await this.bytes());
    const copy = this.withSameForms(this.copy(gzip, via));
    return uncheckedSince === undefined ? copy : copy.stale(uncheckedSince);
  }

  /** A copy, which shares the other forms from now on. */
  protected withSameForms<Copy extends StoredJson<Head, Self>>(copy: Copy): Copy {
    copy.forms = this.forms;
    return copy;
  }

  /** The same, with the other forms of an earlier copy where that has the same content: they are not made or read again. */
  withFormsOf(earlier: Self | undefined): Self {
    const copy = this.as(this.via);
    if (earlier?.head.digest === this.head.digest) copy.forms = earlier.forms;
    return copy;
  }

  /** The same, marked stale: the upstream could not be asked about it since then. Milliseconds since the epoch. */
  stale(since: number): Self {
    const copy = this.as("stale");
    copy.#uncheckedSince = since;
    return copy;
  }

  /** Since when the upstream could not be asked about it; undefined where it is not stale. */
  get uncheckedSince(): number | undefined {
    return this.#uncheckedSince;
  }

  /** The gzipped JSON, to be passed on. Where it is a stream from a store, it can be taken once. */
  gzip(): Gzipped {
    return this.#gzip;
  }

  /** The gzipped bytes in memory. */
  async bytes(): Promise<Uint8Array> {
    if (!(this.#gzip instanceof Uint8Array)) this.#gzip = await bytesOf(this.#gzip);
    return this.#gzip;
  }

  /** The inflated JSON: where it is in memory, or small, one copy for all readers; else a stream. */
  async json(): Promise<Uint8Array | ReadableStream<Uint8Array>> {
    const gzip = this.#gzip;
    if (!(gzip instanceof Uint8Array)) return inflate(gzip);
    return this.forms.plain ?? (this.isSmall ? this.plain() : inflate(gzip));
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.plain());
  }

  /** The inflated JSON in memory. */
  protected async plain(): Promise<Uint8Array> {
    if (this.forms.plain) {
      await this.cancel();
      return this.forms.plain;
    }
    const gzip = this.#gzip;
    const plain = await (gzip instanceof Uint8Array ? inflated(gzip, this.head.plainSize) : bytesOf(inflate(gzip)));
    this.#keep(plain);
    return plain;
  }

  /** Keeps the inflated JSON of what was just made. */
  protected keepPlain(parts: readonly Uint8Array[]): void {
    const { plainSize } = this.head;
    if (this.isSmall || LAST_READ.takes(plainSize)) this.#keep(joined(parts, plainSize));
  }

  /** Keeps the inflated form: where it is small for good, else while it is among those that were needed last. */
  #keep(plain: Uint8Array): void {
    if (this.isSmall) this.forms.plain = plain;
    else LAST_READ.keep(this.forms, plain);
  }

  /** The memory that it takes, with its other forms. Bytes. */
  get weight(): number {
    const { size, plainSize } = this.head;
    return this.isSmall ? size + plainSize : size;
  }

  protected get isSmall(): boolean {
    return this.head.plainSize <= MAX_PLAIN;
  }

  /** Cancels a value that will not be read. Nothing is left to be done where it is in memory. */
  cancel(): NowOrLater<void> {
    if (!(this.#gzip instanceof Uint8Array)) return this.#gzip.cancel();
  }
}

/** Makes a `head.digest` from the content, which may be in several parts, and from all other facts that distinguish two states of it. */
export async function digestOf(
  content: Uint8Array | readonly Uint8Array[],
  ...facts: (string | number | undefined)[]
): Promise<string> {
  const text = `${sha256(content)} ${facts.map((fact) => fact ?? "").join(" ")}`;
  return sha256(text).slice(0, 32);
}
