import { MINUTE } from "../duration.ts";
import { IndexError, isUpstreamFailure, messageOf, reasonOf } from "../errors.ts";
import { type FileRef, fileLabel } from "../pypi/file-url.ts";
import { isWheel } from "../pypi/filename.ts";
import { upstreamValue, type Digest } from "../pypi/page.ts";
import { storeWithoutClient } from "./files/transfer.ts";
import type { FactStore, FileFacts } from "../repository/ports/files.ts";
import { listedFacts } from "./read-upstream.ts";
import { type SourceFiles, type SourcePages } from "../repository/repository.ts";
import { sha256 } from "../repository/sha256.ts";
import { UnreadableWheel } from "../repository/ranged-archive.ts";
import {
  findMetadata,
  storedMetadata,
  type FoundMetadata,
  type SearchParts,
  type WheelSource,
} from "./files/wheel-source.ts";
import { discard, type Artifact, type ListedFile } from "../repository/artifact.ts";
import type { Context } from "../repository/context.ts";
import type { Event } from "../repository/event.ts";

/** One page is made again for wrong sizes at most once in this time. Milliseconds. */
const REMAKE_INTERVAL = MINUTE;

export interface MetadataParts extends SearchParts {
  readonly facts: FactStore;
}

/**
 * Serves what `completePageBy` adds to pages: the `.metadata` of a wheel where the upstream has none. It also finds out
 * what pages leave out. It stands above the cache of pages, so that it can have a page made again that advertises too
 * much.
 */
export function serveMetadata(parts: MetadataParts): (inner: SourcePages) => SourceFiles {
  return (inner) => ({
    ...inner,

    async file(request, ctx) {
      const { ref, listed } = request;
      if (!listed || ref.part === "file") return inner.file(request, ctx);
      const fromUpstream = () => inner.file(request, ctx);
      if (!isWheel(ref.filename))
        return upstreamValue(listed.entry, "core-metadata") === undefined ? null : fromUpstream();
      const wheel = new OneWheel(parts, { ...ref, part: "file" }, listed, inner, ctx);
      const fromWheel = () => wheel.metadata(request.headOnly);
      if (upstreamValue(listed.entry, "core-metadata") === undefined) return fromWheel();
      return (await wheel.instead(request.headOnly)) ?? promised(fromUpstream, fromWheel);
    },

    async fileStored({ ref, artifact, ...listed }, size, ctx) {
      if (ref.part === "file") await new OneWheel(parts, ref, listed, inner, ctx).stored(artifact, size);
    },
  });
}

/**
 * Serves metadata that the upstream advertises. It may still be missing, or be refused (S3 answers 403 for a missing
 * object): since advertised metadata must be served, it is then read from the wheel. Where that fails too, the refusal
 * is the answer.
 */
async function promised(
  fromUpstream: () => Promise<Artifact | null>,
  fromWheel: () => Promise<Artifact | null>,
): Promise<Artifact | null> {
  let refusal: IndexError | undefined;
  try {
    const artifact = await fromUpstream();
    if (artifact) return artifact;
  } catch (error) {
    if (!isUpstreamFailure(error)) throw error;
    refusal = error;
  }
  const artifact = await fromWheel().catch((error: unknown) => {
    throw refusal ?? error;
  });
  if (!artifact && refusal) throw refusal;
  return artifact;
}

/** One file in one request. */
class OneWheel implements WheelSource {
  readonly parts: MetadataParts;
  readonly ref: FileRef;
  readonly listed: ListedFile;
  readonly inner: SourcePages;
  readonly #ctx: Context;

  constructor(parts: MetadataParts, ref: FileRef, listed: ListedFile, inner: SourcePages, ctx: Context) {
    this.parts = { ...parts, onStored: (artifact, size) => this.stored(artifact, size) };
    this.ref = ref;
    this.listed = listed;
    this.inner = inner;
    this.#ctx = ctx;
  }

  open(): Promise<Artifact | null> {
    return this.inner.file({ ref: this.ref, headOnly: false, listed: this.listed }, this.#ctx);
  }

  /** METADATA of the wheel, byte for byte; always the whole, whatever range the client asks for. */
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
   * METADATA of the stored wheel, in place of the upstream's `.metadata` where no digest identifies that; null where no
   * readable wheel is stored.
   */
  async instead(headOnly: boolean): Promise<Artifact | null> {
    if (!listedFacts(this.listed, "metadata").unchecked) return null;
    const found = await storedMetadata(this, this.#ctx).catch((error: unknown) => {
      if (error instanceof UnreadableWheel) return null;
      throw error;
    });
    return found && this.#artifact(found, headOnly);
  }

  async #artifact({ bytes, unchecked }: FoundMetadata, headOnly: boolean): Promise<Artifact> {
    const { project, entry } = this.listed;
    const digest = await digestOf(bytes);
    if (this.#isOurs) this.#ctx.defer(this.#advertise(digest));
    // Where the upstream's page has a digest, only bytes that match it are the right ones, and only those are passed on
    // whole.
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

  /** Whether the metadata is advertised by us and not by the upstream. */
  get #isOurs(): boolean {
    return this.listed.entry._backfilled?.includes("core-metadata") ?? false;
  }

  /** Records, from a file just stored and verified, what its page leaves out, and checks its stored `.metadata`. */
  async stored({ modifiedAt, unchecked = false }: Artifact, size: number): Promise<void> {
    const { entry } = this.listed;
    const lacksTime = upstreamValue(entry, "upload-time") === undefined;
    const listedSize = upstreamValue(entry, "size");
    await this.#record({
      size: listedSize === size ? undefined : size,
      // `modifiedAt` is the time of the request where the upstream gives the file no date.
      modifiedAt: lacksTime && modifiedAt < this.#ctx.now ? modifiedAt : undefined,
    });
    if (listedSize !== undefined && listedSize !== size) await this.#correctPage();
    if (!isWheel(this.ref.filename)) return;
    if (!entry["core-metadata"]) await this.#reconsider();
    else if (listedFacts(this.listed, "metadata").unchecked) await this.#check(unchecked);
  }

  /**
   * Compares the stored `.metadata` with METADATA in the stored wheel, and replaces it where they differ.
   *
   * @param unchecked whether the wheel itself is unverified
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
      this.#report("file-refused", "it differed from METADATA in the wheel and was replaced by that");
      const right: Artifact = {
        ...kept,
        size: bytes.byteLength,
        digest,
        unchecked,
        validator: undefined,
        body: new Response(bytes).body,
      };
      // The store keeps a verified object unless `replace` names another digest.
      if (!kept.unchecked) await this.parts.files.replace(ref, kept.project, digest);
      const sink = this.parts.files.create(ref, right);
      await storeWithoutClient(right, fileLabel(ref), { sink, limit: Infinity }, this.#ctx);
      if (this.#isOurs) await this.#advertise(digest);
    } catch (error) {
      if (!(error instanceof UnreadableWheel)) this.#report("storage-failed", messageOf(error));
      else if (this.#isOurs) await this.#withdraw(error);
    }
  }

  /** Advertises metadata again for a wheel that could not be read before, where the wheel just stored can be read. */
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

  /** Records this digest for the next page; where the present page advertises another digest, has it made again now. */
  async #advertise({ hex }: Digest): Promise<void> {
    await this.#record({ metadata: hex, unreadable: false });
    const advertised = this.listed.entry["core-metadata"];
    if (typeof advertised === "object" && advertised["sha256"] !== hex) await this.#remakePage();
  }

  /** Stops advertising metadata for this wheel. */
  async #withdraw(reason: UnreadableWheel): Promise<void> {
    this.#report("file-refused", reason.message);
    await this.#record({ unreadable: true });
    await this.#remakePage();
  }

  /** Has the page made again with the right size: once for many files of it that are stored one after the other. */
  async #correctPage(): Promise<void> {
    const mark = `the page of ${this.listed.project}`;
    if (this.parts.filling.get(mark, this.#ctx.now)) return;
    this.parts.filling.set(mark, true, 0, this.#ctx.now + REMAKE_INTERVAL);
    await this.#remakePage();
  }

  /** Where this fails, the next client that the wrong page misleads has it made again. */
  async #remakePage(): Promise<void> {
    const { project } = this.listed;
    try {
      const page = await this.inner.project(project, this.#ctx, { remake: true });
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
      await this.parts.facts.record(this.listed.project, this.listed.entry.url, facts);
    } catch (error) {
      this.#report("storage-failed", messageOf(error));
    }
  }

  #report(event: "file-refused" | "storage-failed", reason: string): void {
    this.#ctx.report({ event, what: fileLabel({ ...this.ref, part: "metadata" }), reason });
  }
}

async function digestOf(bytes: Uint8Array): Promise<Digest> {
  return { algorithm: "sha256", hex: sha256(bytes) };
}
