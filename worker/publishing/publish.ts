import { requirePermission } from "../auth/principal.ts";
import { badRequest, IndexError, messageOf, type ErrorKind } from "../errors.ts";
import { asProjectName } from "../pypi/name.ts";
import type { Attest } from "./attest.ts";
import { isSameVersion } from "../pypi/pep440.ts";
import { sha256 } from "../repository/sha256.ts";
import { requireOpen } from "./project-status.ts";
import type { Distribution } from "./distribution.ts";
import { checkFork } from "./fork.ts";
import type { PublishTransaction, PublishState, UploadObjects } from "./ports.ts";
import type { StagedFile } from "./staged-file.ts";
import type { ClaimedMetadata, PublishResult, Publish, PublishRequest } from "./publish-request.ts";
import type { Context } from "../repository/context.ts";
import type { RequireAdmitted } from "../repository/ports/admission.ts";

/** What publishing needs. */
export interface PublishOptions {
  /** Returns what the file says about itself; throws `bad-request` where it is not a valid distribution. */
  readonly inspect: (filename: string, staged: StagedFile) => Promise<Distribution>;
  readonly transaction: PublishTransaction;
  readonly objects: UploadObjects;
  readonly attest: Attest;
  readonly requireAdmitted: RequireAdmitted;
}

/** Publishes complete files: first the bytes are stored, then one transaction lists them. */
export function createPublish({ inspect, transaction, objects, attest, requireAdmitted }: PublishOptions): Publish {
  /** Stores and publishes the file, unless it is published already. */
  async function storeAndPublish(
    request: PublishRequest,
    distribution: Distribution,
    ctx: Context,
  ): Promise<PublishResult> {
    const { index, author, staged } = request;
    const id = { index: index.name, project: distribution.project, identity: distribution.identity };
    const before = await transaction.stateOf(id);
    const isThere = isPublished(before, request, distribution);
    const { metadata, filename, project } = distribution;
    const { sha256: digest } = staged.digests;
    const provenance =
      request.attestations === undefined
        ? undefined
        : await attest(request.attestations, { filename, sha256: digest }, author, ctx.now);
    if (isThere) {
      if (!provenance || before.file?.isAttested) return { kind: "identical", distribution };
      await transaction.attest({
        index: index.name,
        project,
        filename,
        sha256: digest,
        provenance,
        author,
        at: ctx.now,
      });
      return { kind: "attested", distribution };
    }
    const object = await objects.store(staged, metadata);
    const file = {
      index: index.name,
      distribution,
      sha256: staged.digests.sha256,
      metadataSha256: sha256(metadata),
      size: staged.size,
      object,
      // A file that replaces another is new: with an old date, a client's copy of the other would count as unchanged.
      uploadedAt: before.file ? ctx.now : Math.min(request.uploadedAt ?? ctx.now, ctx.now),
      at: ctx.now,
      author,
      fork: request.fork,
      provenance,
    };
    try {
      const { isFirst } = await transaction.commit(file, { replace: index.volatile });
      return { kind: "published", distribution, ...(isFirst && { firstOf: distribution.project }) };
    } catch (error) {
      // Another upload was faster, the project's status has changed, or the transaction succeeded and its answer was lost.
      const after = await transaction.stateOf(id);
      // Whether it is the project's first file is lost with the answer.
      if (after.file?.object === object) return { kind: "published", distribution, firstOf: distribution.project };
      if (isPublished(after, request, distribution)) return { kind: "identical", distribution };
      throw error;
    }
  }

  return async (request, ctx) => {
    const { index, author, filename, staged, claimed } = request;
    checkDigests(claimed, staged);
    try {
      const distribution = await inspect(filename, staged);
      checkClaims(claimed, distribution);
      if (request.fork) checkFork(request.fork, distribution);
      requirePermission(author.principal, { scope: "upload", index: index.name, project: distribution.project });
      await requireAdmitted(index.name, { ...distribution, sha256: staged.digests.sha256 }, ctx);
      return await storeAndPublish(request, distribution, ctx);
    } catch (error) {
      throw forClient(error, request, ctx);
    }
  };
}

/** Whether the file is published already; false where it must be written. Throws `file-exists` and `unprocessable`. */
function isPublished(
  { status, file }: PublishState,
  { index, staged }: PublishRequest,
  distribution: Distribution,
): boolean {
  const { filename, project } = distribution;
  requireOpen(project, index.name, status);
  if (!file) return false;
  const isThere = file.object !== undefined;
  if (isThere && file.sha256 === staged.digests.sha256 && file.filename === filename) return true;
  if (index.volatile) return false;
  const why = isThere
    ? file.sha256 === staged.digests.sha256
      ? `${index.name} has the same bytes as ${file.filename}, another spelling of this name`
      : `${index.name} has it with other bytes (sha256 ${file.sha256}; yours has ${staged.digests.sha256})`
    : `${index.name} had it, and it was deleted`;
  throw new IndexError(
    "file-exists",
    `File already exists: ${filename}. ${why}. A filename can be used only once: raise the version and build again.`,
  );
}

function checkDigests({ digests }: ClaimedMetadata, staged: StagedFile): void {
  for (const algorithm of ["sha256", "md5"] as const) {
    const said = digests[algorithm];
    const own = staged.digests[algorithm];
    if (said === undefined || said.toLowerCase() === own) continue;
    throw badRequest(
      `The file that arrived has the ${algorithm} ${own}, but ${said.slice(0, 64)} was announced: it was changed on its way, or after it was built. Upload it again.`,
    );
  }
}

function checkClaims({ name, version }: ClaimedMetadata, { project, version: own, filename }: Distribution): void {
  if (name !== undefined && asProjectName(name) !== project) {
    throw badRequest(
      `The upload says that the project is ${JSON.stringify(name.slice(0, 80))}, and ${filename} is a file of ${project}.`,
    );
  }
  if (version !== undefined && !isSameVersion(version, own)) {
    throw badRequest(
      `The upload says that the version is ${JSON.stringify(version.slice(0, 80))}, and ${filename} is a file of ${own}.`,
    );
  }
}

const STORAGE_FAILURES: ReadonlySet<ErrorKind> = new Set(["storage-failed", "storage-full"]);

/** Reports a storage failure, and turns it into the sentence that the client is told. Other errors stay. */
function forClient(error: unknown, { filename, index }: PublishRequest, ctx: Context): unknown {
  if (!(error instanceof IndexError) || !STORAGE_FAILURES.has(error.kind)) return error;
  ctx.report({
    event: "storage-failed",
    what: `upload of ${filename} to ${index.name}`,
    reason: messageOf(error.cause ?? error),
  });
  if (error.kind === "storage-full") return error;
  return new IndexError(
    "storage-failed",
    `The storage failed while ${filename} was being published in ${index.name}. It is there whole or not at all. Upload it again; this does no harm if it is there.`,
    { cause: error },
  );
}
