import { demand } from "../auth/principal.ts";
import { badRequest, IndexError, messageOf } from "../errors.ts";
import { asProjectName } from "../pypi/name.ts";
import { isSameVersion } from "../pypi/pep440.ts";
import { sha256 } from "../repository/sha256.ts";
import { CLOSED } from "./closed.ts";
import type { Distribution } from "./distribution.ts";
import type { Shelf, Standing, Vault } from "./ports.ts";
import type { Staged } from "./staged.ts";
import type { Claimed, Outcome, Publish, Submission } from "./submission.ts";
import type { Context } from "../repository/context.ts";

/** What publishing is put together from. */
export interface PublishingParts {
  /** Says what the file is; throws `bad-request` where it is no sound distribution. */
  readonly inspect: (filename: string, staged: Staged) => Promise<Distribution>;
  readonly shelf: Shelf;
  readonly vault: Vault;
}

/** Publishes a file that has come whole: the bytes first, which nobody sees, then one transaction that shows them. */
export function publishing({ inspect, shelf, vault }: PublishingParts): Publish {
  /** Has the file written where there is nothing to say against it. */
  async function write(submission: Submission, distribution: Distribution, ctx: Context): Promise<Outcome> {
    const { index, author, staged } = submission;
    const id = { index: index.name, project: distribution.project, identity: distribution.identity };
    const outcome = settled(await shelf.standing(id), submission, distribution);
    if (outcome) return outcome;
    const { metadata } = distribution;
    const object = await vault.store(staged, metadata);
    const file = {
      index: index.name,
      distribution,
      sha256: staged.digests.sha256,
      metadataSha256: metadata && (await sha256(metadata)),
      size: staged.size,
      object,
      uploadedAt: ctx.now,
      author,
    };
    try {
      await shelf.place(file, { replace: index.volatile });
    } catch (error) {
      // Somebody was quicker, or the project was closed meanwhile, or it was done and the answer was lost.
      const after = await shelf.standing(id);
      if (after.file?.object === object) return { kind: "published", distribution };
      const other = settled(after, submission, distribution);
      if (other) return other;
      throw error;
    }
    return { kind: "published", distribution };
  }

  return async (submission, ctx) => {
    const { index, author, filename, staged, claimed } = submission;
    checkDigests(claimed, staged);
    try {
      const distribution = await inspect(filename, staged);
      checkClaims(claimed, distribution);
      demand(author.principal, { scope: "upload", index: index.name, project: distribution.project });
      return await write(submission, distribution, ctx);
    } catch (error) {
      throw told(error, submission, ctx);
    }
  };
}

/** What there is to say without a write: undefined where the file is to be written. Throws `file-exists` and `not-allowed`. */
function settled(
  { status, file }: Standing,
  { index, staged }: Submission,
  distribution: Distribution,
): Outcome | undefined {
  const { filename, project } = distribution;
  if (status && CLOSED.includes(status.status)) {
    const reason = status.reason ? ` (${status.reason})` : "";
    throw new IndexError(
      "not-allowed",
      `${project} is ${status.status} in ${index.name}${reason}, so it takes no files: whoever may administer the index can make it active again.`,
    );
  }
  if (!file) return undefined;
  const isThere = file.object !== undefined;
  if (isThere && file.sha256 === staged.digests.sha256 && file.filename === filename) {
    return { kind: "identical", distribution };
  }
  if (index.volatile) return undefined;
  const why = isThere
    ? file.sha256 === staged.digests.sha256
      ? `${index.name} has these bytes as ${file.filename}, which is the same name`
      : `${index.name} has it with other bytes (sha256 ${file.sha256}; these have ${staged.digests.sha256})`
    : `${index.name} had it, and it was deleted`;
  throw new IndexError(
    "file-exists",
    `File already exists: ${filename}. ${why}. A name is used once and for good; raise the version and build it anew.`,
  );
}

function checkDigests({ digests }: Claimed, staged: Staged): void {
  for (const algorithm of ["sha256", "md5"] as const) {
    const said = digests[algorithm];
    const own = staged.digests[algorithm];
    if (said === undefined || said.toLowerCase() === own) continue;
    throw badRequest(
      `The bytes that arrived have the ${algorithm} ${own}, and ${said.slice(0, 64)} was announced: the file was changed on its way, or since it was built. Upload it again.`,
    );
  }
}

function checkClaims({ name, version }: Claimed, { project, version: own, filename }: Distribution): void {
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

/** What the client is told, and the operator as well where it is the storage that failed. */
function told(error: unknown, { filename, index }: Submission, ctx: Context): unknown {
  if (!(error instanceof IndexError) || error.kind !== "storage-failed") return error;
  ctx.report({
    event: "storage-failed",
    what: `upload of ${filename} to ${index.name}`,
    reason: messageOf(error.cause ?? error),
  });
  return new IndexError(
    "storage-failed",
    `The storage failed while ${filename} was published in ${index.name}. It is there whole or not at all; upload it again, which does no harm if it is.`,
    { cause: error },
  );
}
