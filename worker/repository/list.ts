import type { Validators } from "../pypi/page.ts";
import { inflate } from "./page.ts";
import type { Via } from "./repository.ts";

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
  readonly #body: ReadableStream<Uint8Array>;
  readonly #gzipped: boolean;

  /** `gzipped` says which of the two `body` is. The listing can be read once. */
  constructor(head: ListHead, body: ReadableStream<Uint8Array>, gzipped: boolean, via: Via) {
    this.head = head;
    this.via = via;
    this.#body = body;
    this.#gzipped = gzipped;
  }

  /** The same listing, said to come from elsewhere. */
  as(via: Via): ProjectList {
    return new ProjectList(this.head, this.#body, this.#gzipped, via);
  }

  gzip(): ReadableStream<Uint8Array> {
    return this.#gzipped ? this.#body : this.#body.pipeThrough(new CompressionStream("gzip"));
  }

  async json(): Promise<ReadableStream<Uint8Array>> {
    return this.#gzipped ? inflate(this.#body) : this.#body;
  }

  /** Gives the bytes up unread. */
  async cancel(): Promise<void> {
    await this.#body.cancel();
  }
}
