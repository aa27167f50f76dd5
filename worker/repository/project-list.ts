import type { Validators } from "../pypi/page.ts";
import { rootHtml } from "../pypi/simple-html.ts";
import { rootJson, type RootEntry } from "../pypi/simple-json.ts";
import { inflate } from "./gzip.ts";
import { readable } from "./readable.ts";
import type { Via } from "./artifact.ts";

/** What is known of a root listing without reading it. */
export interface ListHead {
  /** Made from the content; not yet an ETag: that is a representation's. */
  readonly digest: string;
  /** Milliseconds since the epoch at which it was fetched. */
  readonly changedAt: number;
  readonly serial?: number | undefined;
  /** The upstream's. */
  readonly validators: Validators;
}

/** The root listing: PEP 691 JSON, one line a project. It is streamed and never held: PyPI's has 40 MB. */
export class ProjectList {
  readonly head: ListHead;
  readonly via: Via;
  /** Milliseconds since the epoch since when the upstream could not be asked about it; undefined where it was in time. */
  readonly uncheckedSince: number | undefined;
  readonly #body: ReadableStream<Uint8Array>;
  readonly #gzipped: boolean;

  /** `gzipped` says which of the two `body` is. The listing can be read once. */
  constructor(head: ListHead, body: ReadableStream<Uint8Array>, gzipped: boolean, via: Via, uncheckedSince?: number) {
    this.head = head;
    this.via = via;
    this.uncheckedSince = uncheckedSince;
    this.#body = body;
    this.#gzipped = gzipped;
  }

  /** The same listing, served although the upstream could not be asked about it since then. */
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

  /** The projects in it, in batches as they are read. */
  async *entries(): AsyncGenerator<readonly RootEntry[]> {
    let rest = "";
    for await (const chunk of (await this.json()).pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      const entries = lines.map(rootJson.entryIn).filter((entry) => entry !== undefined);
      if (entries.length > 0) yield entries;
    }
  }

  /** Gives the bytes up unread. */
  async cancel(): Promise<void> {
    await this.#body.cancel();
  }
}

async function* toHtml(batches: AsyncIterable<readonly RootEntry[]>): AsyncGenerator<string> {
  yield rootHtml.opening;
  for await (const entries of batches) yield entries.map(({ name }) => rootHtml.project(name)).join("");
  yield rootHtml.closing;
}
