import { MINUTE } from "../../duration.ts";
import { isUpstreamFailure, messageOf, reasonOf } from "../../errors.ts";
import { fileLabel, type FileRef } from "../../pypi/file-url.ts";
import { upstreamValue, type Digest } from "../../pypi/page.ts";
import type { Artifact, ListedFile } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";
import type { Event } from "../../repository/event.ts";
import type { FactStore, FileFacts } from "../../repository/ports/files.ts";
import type { Marks } from "../../repository/ports/freshness.ts";
import type { UnreadableWheel } from "../../repository/ranged-archive.ts";
import type { SourcePages } from "../../repository/repository.ts";

/** One page is made again for wrong sizes at most once in this time. Milliseconds. */
const REMAKE_INTERVAL = MINUTE;

export interface PageFactsParts {
  readonly facts: FactStore;
  /** What this isolate is doing at the moment. */
  readonly filling: Marks;
}

/**
 * Records what is found out about one file and its page does not say, or says wrongly; where the page is wrong, it is made again.
 * The methods never reject: failures are reported.
 */
export class PageFacts {
  readonly #parts: PageFactsParts;
  readonly #ref: FileRef;
  readonly #listed: ListedFile;
  readonly #inner: SourcePages;
  readonly #ctx: Context;

  constructor(parts: PageFactsParts, ref: FileRef, listed: ListedFile, inner: SourcePages, ctx: Context) {
    this.#parts = parts;
    this.#ref = ref;
    this.#listed = listed;
    this.#inner = inner;
    this.#ctx = ctx;
  }

  /** Whether the metadata is advertised by us and not by the upstream. */
  get advertisedHere(): boolean {
    return this.#listed.entry._backfilled?.includes("core-metadata") ?? false;
  }

  /** Records this digest for the next page; where the present page advertises another digest, has it made again now. */
  async advertise({ hex }: Digest): Promise<void> {
    await this.#record({ metadata: hex, unreadable: false });
    const advertised = this.#listed.entry["core-metadata"];
    if (typeof advertised === "object" && advertised["sha256"] !== hex) await this.#remakePage();
  }

  /** Stops advertising metadata for this wheel. */
  async withdraw(reason: UnreadableWheel): Promise<void> {
    this.report("file-refused", reason.message);
    await this.#record({ unreadable: true });
    await this.#remakePage();
  }

  /** Records the size of a file that was stored and verified, and the upstream's date of it, where its page lacks them. */
  async noteStored({ modifiedAt }: Artifact, size: number): Promise<void> {
    const { entry } = this.#listed;
    const lacksTime = upstreamValue(entry, "upload-time") === undefined;
    const listedSize = upstreamValue(entry, "size");
    await this.#record({
      size: listedSize === size ? undefined : size,
      // `modifiedAt` is the time of the request where the upstream gives the file no date.
      modifiedAt: lacksTime && modifiedAt < this.#ctx.now ? modifiedAt : undefined,
    });
    if (listedSize !== undefined && listedSize !== size) await this.#correctPage();
  }

  /** Reports an event about the file's metadata. */
  report(event: "file-refused" | "storage-failed", reason: string): void {
    this.#ctx.report({ event, what: fileLabel({ ...this.#ref, part: "metadata" }), reason });
  }

  /** Has the page made again with the right size: once for many files of it that are stored one after the other. */
  async #correctPage(): Promise<void> {
    const mark = `the page of ${this.#listed.project}`;
    if (this.#parts.filling.get(mark, this.#ctx.now)) return;
    this.#parts.filling.set(mark, true, 0, this.#ctx.now + REMAKE_INTERVAL);
    await this.#remakePage();
  }

  /** Where this fails, the next client that the wrong page misleads has it made again. */
  async #remakePage(): Promise<void> {
    const { project } = this.#listed;
    try {
      const page = await this.#inner.project(project, this.#ctx, { remake: true });
      await page?.cancel();
    } catch (error) {
      const [event, reason]: [Event["event"], string] = isUpstreamFailure(error)
        ? ["upstream-failed", reasonOf(error)]
        : ["storage-failed", messageOf(error)];
      this.#ctx.report({ event, what: `making the page of ${project} again`, reason });
    }
  }

  async #record(facts: FileFacts): Promise<void> {
    if (Object.values(facts).every((fact) => fact === undefined)) return;
    try {
      await this.#parts.facts.record(this.#listed.project, this.#listed.entry.url, facts);
    } catch (error) {
      this.report("storage-failed", messageOf(error));
    }
  }
}
