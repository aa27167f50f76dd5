import { IndexError, isUpstreamFailure } from "../errors.ts";
import type { FileRef } from "../pypi/file-url.ts";
import { isWheel } from "../pypi/filename.ts";
import { upstreamValue } from "../pypi/page.ts";
import type { FactStore } from "../repository/ports/files.ts";
import { listedFacts } from "./read-upstream.ts";
import { type SourceFiles, type SourcePages } from "../repository/repository.ts";
import { UnreadableWheel } from "../repository/ranged-archive.ts";
import { checkMetadata, metadataDigest, readvertiseMetadata } from "./files/check-metadata.ts";
import { PageFacts } from "./files/page-facts.ts";
import {
  findMetadata,
  storedMetadata,
  type FoundMetadata,
  type SearchParts,
  type WheelSource,
} from "./files/wheel-source.ts";
import type { Artifact, ListedFile } from "../repository/artifact.ts";
import type { Context } from "../repository/context.ts";

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
  readonly #page: PageFacts;
  readonly #ctx: Context;

  constructor(parts: MetadataParts, ref: FileRef, listed: ListedFile, inner: SourcePages, ctx: Context) {
    this.parts = { ...parts, onStored: (artifact, size) => this.stored(artifact, size) };
    this.ref = ref;
    this.listed = listed;
    this.inner = inner;
    this.#page = new PageFacts(parts, ref, listed, inner, ctx);
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
      if (this.#page.advertisedHere) this.#ctx.defer(this.#page.withdraw(error));
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
    const digest = metadataDigest(bytes);
    if (this.#page.advertisedHere) this.#ctx.defer(this.#page.advertise(digest));
    // Where the upstream's page has a digest, only bytes that match it are the right ones, and only those are passed on
    // whole.
    const expected = listedFacts(this.listed, "metadata").digest;
    return {
      project,
      digest: expected ?? digest,
      size: bytes.byteLength,
      modifiedAt: Date.parse(entry["upload-time"] ?? "") || this.#ctx.now,
      uploadedAt: listedFacts(this.listed, "metadata").uploadedAt,
      unchecked: unchecked && !expected,
      body: headOnly ? null : new Response(bytes).body,
      via: "upstream",
    };
  }

  /** Records, from a file just stored and verified, what its page leaves out, and checks its stored `.metadata`. */
  async stored(artifact: Artifact, size: number): Promise<void> {
    await this.#page.noteStored(artifact, size);
    if (!isWheel(this.ref.filename)) return;
    if (!this.listed.entry["core-metadata"]) {
      await readvertiseMetadata(this, this.parts.facts, this.#page, this.#ctx);
    } else if (listedFacts(this.listed, "metadata").unchecked) {
      await checkMetadata(this, this.#page, artifact.unchecked ?? false, this.#ctx);
    }
  }
}
