import type { Validators } from "../pypi/page.ts";
import { rootJson, type RootEntry } from "../pypi/simple-json.ts";
import type { Via } from "./artifact.ts";
import type { Context } from "./context.ts";
import { inflate } from "./gzip.ts";
import { shaped, type RootBatches, type Shape } from "./list-shapes.ts";
import { withMark, type SerialMark } from "./serial-marks.ts";

/** The facts of a root listing, known without reading it. */
export interface ListHead {
  /**
   * Hash of the content; empty where it is not known before the listing has been read. Not an ETag: each shape has its
   * own.
   */
  readonly digest: string;
  /** Milliseconds since the epoch at which it was fetched. */
  readonly changedAt: number;
  readonly serial?: number | undefined;
  /** When serials were first seen; of an upstream's own listing only. */
  readonly marks?: readonly SerialMark[] | undefined;
  /** The upstream's validators. */
  readonly validators: Validators;
}

/** A listing's content. It is read once, in one shape, or cancelled. */
export interface ListContent {
  /** Whether its bytes are stored. Otherwise they are made for whoever reads them. */
  readonly isStored: boolean;
  /** Gzipped bytes: JSON (PEP 691) with one line for each project, HTML (PEP 503), or a line for each name. */
  open(shape: Shape): Promise<ReadableStream<Uint8Array>>;
  entries(): RootBatches;
  cancel(): Promise<void>;
}

/** The root listing. It is streamed and never held in memory: PyPI's has 40 MB. */
export class ProjectList {
  readonly head: ListHead;
  readonly via: Via;
  /**
   * Since when the upstream could not be asked about it, in milliseconds since the epoch; undefined where it is not
   * stale.
   */
  readonly uncheckedSince: number | undefined;
  readonly #content: ListContent;

  constructor(head: ListHead, content: ListContent, via: Via, uncheckedSince?: number) {
    this.head = head;
    this.via = via;
    this.uncheckedSince = uncheckedSince;
    this.#content = content;
  }

  /**
   * A listing that is made of batches as it is read.
   *
   * @param giveUp called when the rest of the batches is not wanted: ends the request that they are read from
   */
  static of(head: ListHead, batches: RootBatches, giveUp: () => Promise<unknown>, via: Via, ctx: Context): ProjectList {
    const content: ListContent = {
      isStored: false,
      open: async (shape) => shaped(shape, batches, head.serial, giveUp, ctx),
      entries: () => batches,
      cancel: async () => void (await giveUp()),
    };
    return new ProjectList(head, content, via);
  }

  /** The same listing, marked stale: the upstream could not be asked about it since then. */
  stale(since: number): ProjectList {
    return new ProjectList(this.head, this.#content, "stale", since);
  }

  /** The same listing, which has just been fetched, with the marks of the one before and its own. */
  marked(before: readonly SerialMark[] = []): ProjectList {
    const { serial, changedAt } = this.head;
    const marks = serial === undefined ? undefined : withMark(before, serial, changedAt);
    return new ProjectList({ ...this.head, marks }, this.#content, this.via, this.uncheckedSince);
  }

  /** The same listing, its content read in another way. */
  with(content: ListContent): ProjectList {
    return new ProjectList(this.head, content, this.via, this.uncheckedSince);
  }

  get content(): ListContent {
    return this.#content;
  }

  gzip(): Promise<ReadableStream<Uint8Array>> {
    return this.#content.open("json");
  }

  async json(): Promise<ReadableStream<Uint8Array>> {
    return inflate(await this.gzip());
  }

  html(): Promise<ReadableStream<Uint8Array>> {
    return this.#content.open("html");
  }

  /** The names of its projects, each in a line of its own. */
  async names(): Promise<string> {
    return new Response(inflate(await this.#content.open("names"))).text();
  }

  /** Its projects, in batches as they are read. */
  entries(): RootBatches {
    return this.#content.entries();
  }

  /** Cancels a listing that will not be read. */
  cancel(): Promise<void> {
    return this.#content.cancel();
  }
}

/** The projects in a listing's gzipped JSON. These are our own bytes, so they are not validated again. */
export async function* entriesIn(gzip: ReadableStream<Uint8Array>): AsyncGenerator<readonly RootEntry[]> {
  let rest = "";
  for await (const chunk of inflate(gzip).pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    const entries = lines.map(rootJson.entryIn).filter((entry) => entry !== undefined);
    if (entries.length > 0) yield entries;
  }
}
