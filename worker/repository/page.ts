import { addressOf } from "../pypi/file-url.ts";
import { isWheel, likelyProjects } from "../pypi/filename.ts";
import { type FileEntry, type ProjectPage, type Validators, isUnderQuarantine } from "../pypi/page.ts";
import { htmlOf } from "../pypi/simple-html.ts";
import { linesOf, readJson, readValidators, renderJson } from "../pypi/simple-json.ts";
import { bytesOf, gzippedLines, inflate, inflated, type Gzipped } from "./gzip.ts";
import { encodeText, filterGivingWay, joined } from "./give-way.ts";
import { digestOf, StoredJson, type StoredHead } from "./stored-json.ts";
import { gzippedStretches, LINE_END, stretchesOf, type Stretch } from "./stretches.ts";
import type { Via } from "./artifact.ts";
import type { Context } from "./context.ts";

/** The facts of a page, known without reading it. */
export interface PageHead extends StoredHead {
  /** Whether the catalog could not be told that it is stored: the change log cannot tell when such a page is behind. */
  readonly unlisted?: boolean | undefined;
  /** Whether the upstream has the project under quarantine: none of its files is stored. */
  readonly quarantined?: true | undefined;
  /** Whether the upstream's URLs of its files have queries, which are stored beside the page. */
  readonly signed?: true | undefined;
  /**
   * Whether it lists files whose names do not lead to its project: their addresses are stored beside it (`StrayStore`).
   */
  readonly strays?: true | undefined;
  /** Whether it has sizes that were found out here, because the upstream's may be wrong. */
  readonly corrected?: true | undefined;
  /** Whether it lists files that the upstream has removed or replaced. */
  readonly kept?: true | undefined;
}

/**
 * The queries of the true URLs of a page's files, by their URLs on the page; and those of their provenance, by
 * `provenanceKey`.
 */
export type Queries = Readonly<Record<string, string>>;

/** What is stored beside a page; each is left out where no file needs it. */
export interface PageExtras {
  readonly queries?: Queries | undefined;
  /** Addresses (`{origin}/{path}`, decoded) of files whose names do not lead to the project. */
  readonly strays?: readonly string[] | undefined;
}

/** What a page consists of. */
export interface PageContent {
  readonly model: ProjectPage;
  /** All its lines but the first two. */
  readonly stretches: readonly Stretch[];
}

/** The stored HTML of one page, gzipped. It is made once for each change, when it is first needed. */
export interface Renderings {
  /** Null where the HTML of the page with this digest is not stored. */
  get(digest: string): Promise<Gzipped | null>;
  put(digest: string, html: Uint8Array): Promise<void>;
}

/** A page as it is stored. */
export class Page extends StoredJson<PageHead, Page> {
  readonly #renderings: Renderings | undefined;
  /** Set only on a page that was just made. */
  readonly extras: PageExtras;
  /**
   * Set only on a page that was just made, until it is kept: it need not be read again. Not where its model has queries, which are
   * in no line.
   */
  #made: PageContent | undefined;

  /** @param renderings where its HTML is stored; undefined for a page that is not stored as it is */
  constructor(head: PageHead, gzip: Gzipped, via: Via, renderings?: Renderings, extras: PageExtras = {}) {
    super(head, gzip, via);
    this.#renderings = renderings;
    this.extras = extras;
  }

  protected override copy(gzip: Gzipped, via: Via): Page {
    return new Page(this.head, gzip, via, this.#renderings);
  }

  /**
   * Renders, hashes and compresses a page that was just parsed. This is done once for each change, never when a page is
   * read.
   *
   * @param madeOf the lines of its files, where they are those of another page: then they are not rendered again, and it is
   *   not stored, nor what is stored beside a page
   */
  static async from(
    model: ProjectPage,
    validators: Validators,
    now: number,
    madeOf?: readonly Stretch[],
  ): Promise<Page> {
    const text = renderJson(model, validators);
    const encoder = new TextEncoder();
    const [head, opening] = [encoder.encode(text.head), encoder.encode(text.opening)];
    const stretches = madeOf ?? stretchesOf(await encodeText(text.lines));
    const content = [opening, ...stretches.map(({ lines }) => lines)];
    // The first line has the upstream's validators and is not hashed: where only they change, nothing is written.
    const digest = await digestOf(content, model.lastSerial);
    const gzip = await gzippedStretches(joined([head, opening], head.byteLength + opening.byteLength), stretches);
    const plainSize = content.reduce((sum, { byteLength }) => sum + byteLength, head.byteLength);
    const strays = madeOf ? undefined : await straysOn(model);
    const queries = madeOf ? undefined : queriesOf(model);
    const facts = {
      digest,
      changedAt: now,
      serial: model.lastSerial,
      size: gzip.byteLength,
      plainSize,
      ...(isUnderQuarantine(model.status) && { quarantined: true as const }),
      ...(queries && { signed: true as const }),
      ...(strays && { strays: true as const }),
      ...(model.files.some(({ _backfilled }) => _backfilled?.includes("size")) && { corrected: true as const }),
      ...(model.files.some(({ _kept }) => _kept) && { kept: true as const }),
    };
    const page = new Page(facts, gzip, "upstream", undefined, { queries, strays });
    if (!madeOf && !queries) page.#made = { model, stretches };
    // The files that are asked for next are looked up in it.
    page.keepPlain([head, ...content]);
    return page;
  }

  /** The same page with another head. */
  headed(head: PageHead): Page {
    return this.withSameForms(new Page(head, this.gzip(), this.via, this.#renderings));
  }

  /** The same page, with its HTML stored in `renderings`. */
  keptIn(renderings: Renderings): Page {
    const copy = this.withSameForms(new Page(this.head, this.gzip(), this.via, renderings, this.extras));
    copy.#made = this.#made;
    return copy;
  }

  /** PEP 503 HTML, gzipped: read from where it is stored, or made now and stored. */
  async html(ctx: Context): Promise<Gzipped> {
    if (this.forms.html) return this.forms.html;
    const stored = await this.#storedHtml();
    if (stored) {
      await this.cancel();
      return stored;
    }
    const gzip = await gzippedLines(await encodeText(htmlOf((await this.content()).model)));
    if (this.#renderings) ctx.defer(this.#renderings.put(this.head.digest, gzip));
    if (this.isSmall) this.forms.html = gzip;
    return gzip;
  }

  /** Null where it is not stored or cannot be read. Where it is small, it is in memory from now on. */
  async #storedHtml(): Promise<Gzipped | null> {
    try {
      const html = (await this.#renderings?.get(this.head.digest)) ?? null;
      if (!html || !this.isSmall) return html;
      this.forms.html = html instanceof Uint8Array ? html : await bytesOf(html);
      return this.forms.html;
    } catch {
      return null;
    }
  }

  override get weight(): number {
    // HTML is about as large as JSON.
    return super.weight + (this.isSmall ? this.head.size : 0);
  }

  /** Whether its gzipped bytes, which must be in memory, have the content whose digest its head says. */
  async isIntact(): Promise<boolean> {
    try {
      // Not the form in memory, which may be of an earlier copy.
      const plain = await inflated(await this.bytes(), this.head.plainSize);
      const content = plain.subarray(plain.indexOf(LINE_END) + 1);
      return (await digestOf(content, this.head.serial)) === this.head.digest;
    } catch {
      // It cannot be inflated.
      return false;
    }
  }

  async model(): Promise<ProjectPage> {
    return readJson(await this.text());
  }

  /**
   * Its model and its lines: of a page that was just made at once, else they are read. Members of entries that the page does not
   * have may be there with the value undefined.
   */
  async content(): Promise<PageContent> {
    if (this.#made) return this.#made;
    const plain = await this.plain();
    const second = plain.indexOf(LINE_END) + 1;
    const lines = plain.subarray(plain.indexOf(LINE_END, second) + 1);
    return { model: readJson(new TextDecoder().decode(plain)), stretches: stretchesOf(lines) };
  }

  /** The last `count` of its files. No others are parsed. */
  async lastFiles(count: number): Promise<readonly FileEntry[]> {
    if (this.#made) return this.#made.model.files.slice(-count);
    return linesOf(await this.text())
      .slice(-count)
      .map((line) => JSON.parse(line) as FileEntry);
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

function queriesOf({ files }: ProjectPage): Queries | undefined {
  const signed = files.flatMap((entry) => [
    [entry.url, entry._query] as const,
    [provenanceKey(entry), entry._provenanceQuery] as const,
  ]);
  const queries = signed.filter((pair): pair is [string, string] => pair[1] !== undefined);
  return queries.length > 0 ? Object.fromEntries(queries) : undefined;
}

export const provenanceKey = ({ url }: FileEntry) => `provenance of ${url}`;

async function straysOn({ name, files }: ProjectPage): Promise<string[] | undefined> {
  // What nearly all wheels begin with.
  const usual = `${name.replaceAll("-", "_")}-`;
  const isStray = ({ filename }: FileEntry) =>
    !(isWheel(filename) && filename.startsWith(usual)) && !likelyProjects(filename).includes(name);
  const strays = await filterGivingWay(files, isStray);
  return strays.length > 0 ? strays.map(addressOf) : undefined;
}
