import { IndexError, isUpstreamFailure, messageOf, reasonOf } from "../errors.ts";
import { type FileRef, nameOf } from "../pypi/file-url.ts";
import { isWheel } from "../pypi/filename.ts";
import { upstreamsOwn, type Digest } from "../pypi/page.ts";
import { storeAlone } from "./files/transfer.ts";
import type { FactStore, FileFacts } from "../repository/ports/files.ts";
import { listedFacts } from "./read-upstream.ts";
import { type SourceFiles, type SourcePages } from "../repository/repository.ts";
import { sha256 } from "../repository/sha256.ts";
import { UnreadableWheel } from "../repository/ranged-archive.ts";
import { findMetadata, storedMetadata, type Found, type SearchParts, type WheelSource } from "./files/wheel-source.ts";
import { discard, type Artifact, type Listed } from "../repository/artifact.ts";
import type { Context } from "../repository/context.ts";
import type { Event } from "../repository/event.ts";

/** How often one page is made again for sizes that are wrong on it. Milliseconds. */
const CORRECTING = 60_000;

/** What the layer is put together from. */
export interface MetadataParts extends SearchParts {
  readonly facts: FactStore;
}

/**
 * Answers for what `describeBy` adds to pages: gives the `.metadata` of a wheel where the upstream has none, and finds out
 * what pages do not say. It stands above the pages' cache, where it has a page made again that has promised too much.
 */
export function serveMetadata(parts: MetadataParts): (inner: SourcePages) => SourceFiles {
  return (inner) => ({
    ...inner,

    async file(request, ctx) {
      const { ref, listed } = request;
      if (!listed || ref.part === "file") return inner.file(request, ctx);
      const theirs = () => inner.file(request, ctx);
      if (!isWheel(ref.filename)) return upstreamsOwn(listed.entry, "core-metadata") === undefined ? null : theirs();
      const wheel = new OneWheel(parts, { ...ref, part: "file" }, listed, inner, ctx);
      const own = () => wheel.metadata(request.headOnly);
      if (upstreamsOwn(listed.entry, "core-metadata") === undefined) return own();
      return (await wheel.instead(request.headOnly)) ?? promised(theirs, own);
    },

    async fileStored({ ref, artifact, ...listed }, size, ctx) {
      if (ref.part === "file") await new OneWheel(parts, ref, listed, inner, ctx).stored(artifact, size);
    },
  });
}

/**
 * What the upstream itself advertises. It may still not be there, or be refused (S3 answers 403 for what is not there): what
 * is advertised must be answered. That it was refused is the answer where there is no other.
 */
async function promised(
  theirs: () => Promise<Artifact | null>,
  own: () => Promise<Artifact | null>,
): Promise<Artifact | null> {
  let refusal: IndexError | undefined;
  try {
    const artifact = await theirs();
    if (artifact) return artifact;
  } catch (error) {
    if (!isUpstreamFailure(error)) throw error;
    refusal = error;
  }
  const artifact = await own().catch((error: unknown) => {
    throw refusal ?? error;
  });
  if (!artifact && refusal) throw refusal;
  return artifact;
}

/** One file in one request. */
class OneWheel implements WheelSource {
  readonly parts: MetadataParts;
  readonly ref: FileRef;
  readonly listed: Listed;
  readonly inner: SourcePages;
  readonly #ctx: Context;

  constructor(parts: MetadataParts, ref: FileRef, listed: Listed, inner: SourcePages, ctx: Context) {
    this.parts = { ...parts, onStored: (artifact, size) => this.stored(artifact, size) };
    this.ref = ref;
    this.listed = listed;
    this.inner = inner;
    this.#ctx = ctx;
  }

  open(): Promise<Artifact | null> {
    return this.inner.file({ ref: this.ref, headOnly: false, listed: this.listed }, this.#ctx);
  }

  /** METADATA of the wheel, byte for byte; always the whole, whatever range is asked for. */
  async metadata(headOnly: boolean): Promise<Artifact | null> {
    const { project } = this.listed;
    try {
      const found = await findMetadata(this, this.#ctx);
      return found && (await this.#artifact(found, headOnly));
    } catch (error) {
      if (!(error instanceof UnreadableWheel)) throw error;
      if (this.#isOurs) this.#ctx.defer(this.#withdraw(error));
      throw new IndexError(
        "file-not-found",
        `The metadata of ${this.ref.filename} cannot be read from the wheel: ${error.message}. The page of ${project} is being made again without it; try again in a moment.`,
      );
    }
  }

  /**
   * METADATA of the stored wheel in place of what the upstream has beside it, where no digest says which is meant; null where
   * none is stored that can be read.
   */
  async instead(headOnly: boolean): Promise<Artifact | null> {
    if (!listedFacts(this.listed, "metadata").unchecked) return null;
    const found = await storedMetadata(this, this.#ctx).catch((error: unknown) => {
      if (error instanceof UnreadableWheel) return null;
      throw error;
    });
    return found && this.#artifact(found, headOnly);
  }

  async #artifact({ bytes, unchecked }: Found, headOnly: boolean): Promise<Artifact> {
    const { project, entry } = this.listed;
    const digest = await digestOf(bytes);
    if (this.#isOurs) this.#ctx.defer(this.#advertise(digest));
    // Where the upstream's page has a digest, only bytes that match it can be meant, and only those are passed on whole.
    const expected = listedFacts(this.listed, "metadata").digest;
    return {
      project,
      digest: expected ?? digest,
      size: bytes.byteLength,
      modifiedAt: Date.parse(entry["upload-time"] ?? "") || this.#ctx.now,
      unchecked: unchecked && !expected,
      body: headOnly ? null : new Response(bytes).body,
      via: "upstream",
    };
  }

  /** Whether it was here that the metadata was advertised. */
  get #isOurs(): boolean {
    return this.listed.entry._backfilled?.includes("core-metadata") ?? false;
  }

  /** Finds out from a file just stored and verified what its page does not say, and whether its `.metadata` was right. */
  async stored({ modifiedAt, unchecked = false }: Artifact, size: number): Promise<void> {
    const { entry } = this.listed;
    const lacksTime = upstreamsOwn(entry, "upload-time") === undefined;
    const listedSize = upstreamsOwn(entry, "size");
    await this.#record({
      size: listedSize === size ? undefined : size,
      // A file that the upstream gives no date is as old as the request.
      modifiedAt: lacksTime && modifiedAt < this.#ctx.now ? modifiedAt : undefined,
    });
    if (listedSize !== undefined && listedSize !== size) await this.#correctPage();
    if (!isWheel(this.ref.filename)) return;
    if (!entry["core-metadata"]) await this.#reconsider();
    else if (listedFacts(this.listed, "metadata").unchecked) await this.#check(unchecked);
  }

  /**
   * Compares the stored `.metadata` with METADATA in the stored wheel, and puts the latter in its place if they differ.
   *
   * @param unchecked whether nothing has verified the wheel itself
   */
  async #check(unchecked: boolean): Promise<void> {
    const ref: FileRef = { ...this.ref, part: "metadata" };
    try {
      const kept = await this.parts.files.get(ref);
      if (!kept) return;
      const was = kept.digest ?? (await digestOf(await new Response(kept.body as BodyInit).bytes()));
      if (kept.digest) await discard(kept);
      const found = await storedMetadata(this, this.#ctx);
      if (!found) return;
      const { bytes } = found;
      const digest = await digestOf(bytes);
      if (was.hex === digest.hex) return;
      this.#report("file-refused", "it was not the wheel's own METADATA, which takes its place");
      const right: Artifact = {
        ...kept,
        size: bytes.byteLength,
        digest,
        unchecked,
        validator: undefined,
        body: new Response(bytes).body,
      };
      // What was verified when it was stored is not given up without being told to.
      if (!kept.unchecked) await this.parts.files.replace(ref, kept.project, digest);
      const sink = this.parts.files.create(ref, right);
      await storeAlone(right, nameOf(ref), { sink, limit: Infinity }, this.#ctx);
      if (this.#isOurs) await this.#advertise(digest);
    } catch (error) {
      if (!(error instanceof UnreadableWheel)) this.#report("storage-failed", messageOf(error));
      else if (this.#isOurs) await this.#withdraw(error);
    }
  }

  /** Has the metadata of a wheel that could not be read advertised again where it can be in the wheel just stored. */
  async #reconsider(): Promise<void> {
    const { project, entry } = this.listed;
    try {
      const facts = await this.parts.facts.of(project);
      const found = facts.get(entry.url)?.unreadable ? await storedMetadata(this, this.#ctx) : null;
      if (found) await this.#advertise(await digestOf(found.bytes));
    } catch (error) {
      if (!(error instanceof UnreadableWheel)) this.#report("storage-failed", messageOf(error));
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

  /** Has the page say the right size now: once in a while for all files of it that are stored one after the other. */
  async #correctPage(): Promise<void> {
    const mark = `the page of ${this.listed.project}`;
    if (this.parts.filling.get(mark, this.#ctx.now)) return;
    this.parts.filling.set(mark, true, 0, this.#ctx.now + CORRECTING);
    await this.#remakePage();
  }

  /** Harmless where it fails: who is misled by the page meanwhile has it made again. */
  async #remakePage(): Promise<void> {
    const { project } = this.listed;
    try {
      const page = await this.inner.project(project, this.#ctx, { remake: true });
      await page?.cancel();
    } catch (error) {
      const [event, reason]: [Event["event"], string] = isUpstreamFailure(error)
        ? ["upstream-failed", reasonOf(error)]
        : ["storage-failed", messageOf(error)];
      this.#ctx.report({ event, what: `${project}, to be made again`, reason });
    }
  }

  async #record(facts: FileFacts): Promise<void> {
    if (Object.values(facts).every((fact) => fact === undefined)) return;
    try {
      await this.parts.facts.record(this.listed.project, this.listed.entry.url, facts);
    } catch (error) {
      this.#report("storage-failed", messageOf(error));
    }
  }

  #report(event: "file-refused" | "storage-failed", reason: string): void {
    this.#ctx.report({ event, what: nameOf({ ...this.ref, part: "metadata" }), reason });
  }
}

async function digestOf(bytes: Uint8Array): Promise<Digest> {
  return { algorithm: "sha256", hex: await sha256(bytes) };
}
