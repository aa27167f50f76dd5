import type { ProjectPage, Validators } from "../pypi/page.ts";
import { renderHtml } from "../pypi/simple-html.ts";
import { readJson, readValidators, renderJson } from "../pypi/simple-json.ts";
import type { Renderings } from "./ports.ts";
import type { Context, Via } from "./repository.ts";

/** What is known of a page without looking inside; small enough for KV's metadata (1,024 bytes). */
export interface PageHead {
  /** Hex; made from the content, the same whenever the content is the same. Not yet an ETag: that is a representation's. */
  readonly digest: string;
  /** Milliseconds since the epoch at which the content was first seen as it is. */
  readonly changedAt: number;
  /** The upstream's serial, as it wrote it. */
  readonly serial?: number | string | undefined;
  /** Bytes of the gzipped page. */
  readonly size: number;
  /** Bytes of the same, inflated. */
  readonly plainSize: number;
}

/** Gzipped bytes, in memory or as they arrive. */
export type Gzipped = Uint8Array | ReadableStream<Uint8Array>;

/** Up to this size a page in memory is kept inflated and as HTML as well, once somebody has wanted it so. Bytes. */
const MAX_PLAIN = 20 * 1024;

/** A page as it is stored: bytes until someone must look inside. */
export class Page {
  readonly head: PageHead;
  readonly via: Via;
  readonly #renderings: Renderings | undefined;
  #gzip: Gzipped;
  /** Its other forms, once somebody has wanted them: the same for all that are this page. */
  #forms: { plain?: Uint8Array; html?: Uint8Array } = {};
  #uncheckedSince: number | undefined;

  /** @param renderings where its HTML is kept; undefined for a page that is not stored as it is */
  constructor(head: PageHead, gzip: Gzipped, via: Via, renderings?: Renderings) {
    this.head = head;
    this.via = via;
    this.#gzip = gzip;
    this.#renderings = renderings;
  }

  /** Renders, hashes and compresses a page that was just parsed: once a change, never once a read. */
  static async from(model: ProjectPage, validators: Validators, now: number): Promise<Page> {
    const { head, body } = renderJson(model, validators);
    const lines = { head: new TextEncoder().encode(head), body: new TextEncoder().encode(body) };
    // The first line has the upstream's validators: when they alone change, nothing is written.
    const digest = await sha256(new TextEncoder().encode(`${await sha256(lines.body)} ${model.lastSerial ?? ""}`));
    const gzip = await gzipped(lines.head, lines.body);
    const plainSize = lines.head.byteLength + lines.body.byteLength;
    const facts = {
      digest: digest.slice(0, 32),
      changedAt: now,
      serial: model.lastSerial,
      size: gzip.byteLength,
      plainSize,
    };
    return new Page(facts, gzip, "upstream");
  }

  /** The same page with its bytes in memory, so that it can be read more than once. */
  async buffered(): Promise<Page> {
    return new Page(this.head, await this.bytes(), this.via, this.#renderings);
  }

  /** The same page, said to come from elsewhere. */
  as(via: Via): Page {
    const page = new Page(this.head, this.#gzip, via, this.#renderings);
    page.#forms = this.#forms;
    return page;
  }

  /** The same page, served although the upstream could not be asked about it since then. Milliseconds since the epoch. */
  stale(since: number): Page {
    const page = this.as("stale");
    page.#uncheckedSince = since;
    return page;
  }

  /** Since when the upstream could not be asked about it; undefined where it was asked in time. */
  get uncheckedSince(): number | undefined {
    return this.#uncheckedSince;
  }

  /** The same page, its HTML kept there. */
  keptIn(renderings: Renderings): Page {
    return new Page(this.head, this.#gzip, this.via, renderings);
  }

  /** PEP 691 JSON, gzipped, for passing on. A page fresh from a store gives its stream once. */
  gzip(): Gzipped {
    return this.#gzip;
  }

  /** The gzipped bytes in memory. */
  async bytes(): Promise<Uint8Array> {
    if (!(this.#gzip instanceof Uint8Array)) this.#gzip = await bytesOf(this.#gzip);
    return this.#gzip;
  }

  /** PEP 691 JSON, inflated: a small page in memory once for all readers, another one as it is read. */
  async json(): Promise<Uint8Array | ReadableStream<Uint8Array>> {
    const gzip = this.#gzip;
    if (!(gzip instanceof Uint8Array) || !this.#isSmall) return inflate(gzip);
    this.#forms.plain ??= await bytesOf(inflate(gzip));
    return this.#forms.plain;
  }

  /** PEP 503 HTML, gzipped: kept where the page is, or made now and kept from then on. */
  async html(ctx: Context): Promise<Gzipped> {
    if (this.#forms.html) return this.#forms.html;
    const { digest } = this.head;
    const kept = await this.#renderings?.get(digest).catch(() => null);
    if (kept) {
      await this.cancel();
      return kept;
    }
    const gzip = await gzipped(new TextEncoder().encode(renderHtml(await this.model())));
    if (this.#renderings) ctx.defer(this.#renderings.put(digest, gzip));
    if (this.#isSmall) this.#forms.html = gzip;
    return gzip;
  }

  /** The inflated JSON. */
  async text(): Promise<string> {
    return new Response(await this.json()).text();
  }

  /** Bytes that the page takes in memory, its other forms included. */
  get weight(): number {
    const { size, plainSize } = this.head;
    // HTML says about as much as JSON.
    return this.#isSmall ? 2 * size + plainSize : size;
  }

  get #isSmall(): boolean {
    return this.head.plainSize <= MAX_PLAIN;
  }

  /** The page parsed. */
  async model(): Promise<ProjectPage> {
    return readJson(await this.text());
  }

  /** Gives the bytes up unread. */
  async cancel(): Promise<void> {
    if (!(this.#gzip instanceof Uint8Array)) await this.#gzip.cancel();
  }

  /** The upstream's validators, from the first line alone. Leaves the page in memory, to be served after a 304. */
  async validators(): Promise<Validators> {
    const reader = inflate(await this.bytes())
      .pipeThrough(new TextDecoderStream())
      .getReader();
    let text = "";
    while (!text.includes("\n")) {
      const { done, value } = await reader.read();
      if (done) break;
      text += value;
    }
    await reader.cancel();
    return readValidators(text.slice(0, text.indexOf("\n")));
  }
}

/** Gzipped bytes, inflated. */
export function inflate(gzip: Gzipped): ReadableStream<Uint8Array> {
  const compressed = gzip instanceof Uint8Array ? streamOf(gzip) : gzip;
  return compressed.pipeThrough(new DecompressionStream("gzip"));
}

const gzipped = (...content: Uint8Array[]) => bytesOf(streamOf(...content).pipeThrough(new CompressionStream("gzip")));

/** Lower-case hex. */
const sha256 = async (bytes: Uint8Array) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();

const streamOf = (...content: Uint8Array[]) => new Blob(content).stream() as ReadableStream<Uint8Array>;

const bytesOf = async (stream: ReadableStream<Uint8Array>) => new Uint8Array(await new Response(stream).arrayBuffer());
