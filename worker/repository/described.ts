import { IndexError, messageOf } from "../errors.ts";
import type { FileRef } from "../pypi/file-url.ts";
import { isWheel } from "../pypi/filename.ts";
import { upstreamsOwn, type Digest } from "../pypi/page.ts";
import type { FactStore, FileFacts, FileStore, Marks } from "./ports.ts";
import { listedFacts } from "./remote.ts";
import type { Artifact, Context, FileRequest, Layer, Listed, Repository } from "./repository.ts";
import { UnreadableWheel } from "./wheel-metadata.ts";
import { findMetadata, storedMetadata, type WheelSource } from "./wheel-source.ts";

/** What the layer is put together from. */
export interface DescribedParts {
  readonly files: FileStore;
  readonly facts: FactStore;
  /** Hosts that have no `.metadata` beside their wheels but where they advertise it. */
  readonly siblingless: Marks;
}

/**
 * Answers for what `describeBy` adds to pages: gives the `.metadata` of a wheel where the upstream has none, and finds out
 * what pages do not say. It stands above the pages' cache, where it has a page made again that has promised too much.
 */
export function described(parts: DescribedParts): Layer {
  return (inner) => ({
    projects: (ctx) => inner.projects(ctx),
    project: (name, ctx) => inner.project(name, ctx),
    document: (request, ctx) => inner.document(request, ctx),

    async file(request, ctx) {
      const { ref, listed } = request;
      if (!listed) return inner.file(request, ctx);
      if (ref.part === "file") return new Described(parts, ref, listed, inner, ctx).file(request);
      // Advertised by the upstream itself, it may still not be there: what is advertised must be answered.
      const promised = upstreamsOwn(listed.entry, "core-metadata") !== undefined;
      const theirs = promised ? await inner.file(request, ctx) : null;
      if (theirs || !isWheel(ref.filename)) return theirs;
      return new Described(parts, { ...ref, part: "file" }, listed, inner, ctx).metadata(request.headOnly);
    },
  });
}

/** One file in one request. */
class Described implements WheelSource {
  readonly files: FileStore;
  readonly siblingless: Marks;
  readonly ref: FileRef;
  readonly listed: Listed;
  readonly inner: Repository;
  readonly #facts: FactStore;
  readonly #ctx: Context;

  constructor(parts: DescribedParts, ref: FileRef, listed: Listed, inner: Repository, ctx: Context) {
    this.files = parts.files;
    this.siblingless = parts.siblingless;
    this.#facts = parts.facts;
    this.ref = ref;
    this.listed = listed;
    this.inner = inner;
    this.#ctx = ctx;
  }

  /** The file from upstream. Of one whose page says all, nothing needs to be found out. */
  async file(request: FileRequest): Promise<Artifact | null> {
    const { entry } = this.listed;
    const artifact = await this.inner.file(request, this.#ctx);
    const isComplete =
      upstreamsOwn(entry, "size") !== undefined && upstreamsOwn(entry, "upload-time") !== undefined && !this.#isOurs;
    return artifact && (isComplete ? artifact : { ...artifact, stored: (size) => this.#stored(artifact, size) });
  }

  open(): Promise<Artifact | null> {
    return this.file({ ref: this.ref, headOnly: false, listed: this.listed });
  }

  /** METADATA of the wheel, byte for byte; always the whole, whatever range is asked for. */
  async metadata(headOnly: boolean): Promise<Artifact | null> {
    const { project, entry } = this.listed;
    try {
      const bytes = await findMetadata(this, this.#ctx);
      if (!bytes) return null;
      const digest = await digestOf(bytes);
      if (this.#isOurs) this.#ctx.defer(this.#advertise(digest));
      return {
        project,
        // Where the upstream's page has a digest, only bytes that match it can be meant.
        digest: listedFacts(this.listed, "metadata").digest ?? digest,
        size: bytes.byteLength,
        modifiedAt: Date.parse(entry["upload-time"] ?? "") || this.#ctx.now,
        body: headOnly ? null : new Response(bytes).body,
        via: "upstream",
      };
    } catch (error) {
      if (!(error instanceof UnreadableWheel)) throw error;
      if (this.#isOurs) this.#ctx.defer(this.#withdraw(error));
      throw new IndexError(
        "file-not-found",
        `The metadata of ${this.ref.filename} cannot be read from the wheel: ${error.message}. The page of ${project} is being made again without it; try again in a moment.`,
      );
    }
  }

  /** Whether it was here that the metadata was advertised. */
  get #isOurs(): boolean {
    return this.listed.entry._backfilled?.includes("core-metadata") ?? false;
  }

  /** Finds out from a file just stored and verified what its page does not say, and whether its `.metadata` was right. */
  async #stored({ modifiedAt }: Artifact, size: number): Promise<void> {
    const { entry } = this.listed;
    const lacksTime = upstreamsOwn(entry, "upload-time") === undefined;
    await this.#record({
      size: upstreamsOwn(entry, "size") === undefined ? size : undefined,
      // A file that the upstream gives no date is as old as the request.
      modifiedAt: lacksTime && modifiedAt < this.#ctx.now ? modifiedAt : undefined,
    });
    if (this.#isOurs) await this.#check();
  }

  /** Compares the stored `.metadata` with METADATA in the stored wheel, and puts the latter in its place if they differ. */
  async #check(): Promise<void> {
    const ref: FileRef = { ...this.ref, part: "metadata" };
    try {
      const kept = await this.files.get(ref);
      if (!kept) return;
      if (kept.body instanceof ReadableStream) await kept.body.cancel();
      const bytes = await storedMetadata(this, this.#ctx);
      if (!bytes) return;
      const digest = await digestOf(bytes);
      if (kept.digest?.hex === digest.hex) return;
      this.#report("file-refused", "it was not the wheel's own METADATA, which is now in its place");
      const sink = this.files.create(ref, { ...kept, size: bytes.byteLength, digest });
      await sink.write(bytes);
      await sink.commit();
      await this.#advertise(digest);
    } catch (error) {
      if (error instanceof UnreadableWheel) await this.#withdraw(error);
      else this.#report("storage-failed", messageOf(error));
    }
  }

  /** Has the page advertise this digest when it is next made, or now if it advertises another. */
  async #advertise({ hex }: Digest): Promise<void> {
    await this.#record({ metadata: hex, unreadable: false });
    const advertised = this.listed.entry["core-metadata"];
    if (typeof advertised === "object" && advertised["sha256"] !== hex) await this.#remakePage();
  }

  /** Has the page advertise nothing for this wheel any more. */
  async #withdraw(reason: UnreadableWheel): Promise<void> {
    this.#report("file-refused", reason.message);
    await this.#record({ unreadable: true });
    await this.#remakePage();
  }

  async #remakePage(): Promise<void> {
    await this.inner.project(this.listed.project, { ...this.#ctx, anew: true });
  }

  async #record(facts: FileFacts): Promise<void> {
    if (Object.values(facts).every((fact) => fact === undefined)) return;
    try {
      await this.#facts.record(this.listed.project, this.listed.entry.url, facts);
    } catch (error) {
      this.#report("storage-failed", messageOf(error));
    }
  }

  #report(event: "file-refused" | "storage-failed", reason: string): void {
    this.#ctx.report({ event, what: `${this.ref.origin}/${this.ref.path}.metadata`, reason });
  }
}

async function digestOf(bytes: Uint8Array): Promise<Digest> {
  return { algorithm: "sha256", hex: new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex() };
}
