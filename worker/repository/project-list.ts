import type { Validators } from "../pypi/page.ts";
import { rootHtml } from "../pypi/simple-html.ts";
import { rootJson, type RootEntry } from "../pypi/simple-json.ts";
import { inflate } from "./gzip.ts";
import { readable } from "./readable.ts";
import type { Via } from "./artifact.ts";

/** The facts of a root listing, known without reading it. */
export interface ListHead {
  /** Hash of the content. Not an ETag: each representation (HTML, JSON) has its own. */
  readonly digest: string;
  /** Milliseconds since the epoch at which it was fetched. */
  readonly changedAt: number;
  readonly serial?: number | undefined;
  /** The upstream's validators. */
  readonly validators: Validators;
}

/**
 * The root listing: PEP 691 JSON, one line for each project. It is streamed and never held in memory: PyPI's has 40 MB.
 */
export class ProjectList {
  readonly head: ListHead;
  readonly via: Via;
  /**
   * Since when the upstream could not be asked about it, in milliseconds since the epoch; undefined where it is not
   * stale.
   */
  readonly uncheckedSince: number | undefined;
  readonly #body: ReadableStream<Uint8Array>;
  readonly #gzipped: boolean;

  /** `gzipped` tells whether `body` is compressed. The listing can be read once. */
  constructor(head: ListHead, body: ReadableStream<Uint8Array>, gzipped: boolean, via: Via, uncheckedSince?: number) {
    this.head = head;
    this.via = via;
    this.uncheckedSince = uncheckedSince;
    this.#body = body;
    this.#gzipped = gzipped;
  }

  /** The same listing, marked stale: the upstream could not be asked about it since then. */
  stale(since: number): ProjectList {
    return new ProjectList(this.head, this.#body, this.#gzipped, "stale", since);
  }

  gzip(): ReadableStream<Uint8Array> {
    return this.#gzipped ? this.#body : this.#body.pipeThrough(new CompressionStream("gzip"));
  }

  async json(): Promise<ReadableStream<Uint8Array>> {
    return this.#gzipped ? inflate(this.#body) : this.#body;
  }

  /** PEP 503 HTML, gzipped, made line by line. */
  async html(): Promise<ReadableStream<Uint8Array>> {
    return readable(toHtml(this.entries())).pipeThrough(new CompressionStream("gzip"));
  }

  /** Its projects, in batches as they are read. */
  async *entries(): AsyncGenerator<readonly RootEntry[]> {
    let rest = "";
    for await (const chunk of (await this.json()).pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      const entries = lines.map(rootJson.entryIn).filter((entry) => entry !== undefined);
      if (entries.length > 0) yield entries;
    }
  }

  /** Cancels a listing that will not be read. */
  async cancel(): Promise<void> {
    await this.#body.cancel();
  }
}

async function* toHtml(batches: AsyncIterable<readonly RootEntry[]>): AsyncGenerator<string> {
  yield rootHtml.opening;
  for await (const entries of batches) yield entries.map(({ name }) => rootHtml.project(name)).join("");
  yield rootHtml.closing;
}
