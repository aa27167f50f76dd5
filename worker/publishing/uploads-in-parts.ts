import type { Author } from "../auth/audit-entry.ts";
import { ADMIN, type Principal } from "../auth/principal.ts";
import { badRequest, IndexError, messageOf } from "../errors.ts";
import type { Context } from "../repository/context.ts";
import type { RequireAdmitted } from "../repository/ports/admission.ts";
import { checkAnnouncement, type AnnouncedFile, type Announcement } from "./announcement.ts";
import type { ReleaseIndex } from "./releases/optimistic-write.ts";
import type { PartStore, UploadSession, UploadSessions } from "./upload-sessions.ts";
import {
  fileExists,
  noLongerOpen,
  requireAllParts,
  requireHostingIndex,
  restrictToPermitted,
  tooManyUnfinished,
  uploadNotFound,
} from "./upload-refusals.ts";
import type { PublishRequest, PublishResult, Publish } from "./publish-request.ts";

/** Size of every part except the last: well below the 100 MB that the platform accepts in one request. Bytes. */
export const PART_SIZE = 32 * 1024 ** 2;

/**
 * How many unfinished uploads a principal may have: each may take some GiB, and a client that uploads files one by one
 * has one.
 */
const MAX_UNFINISHED = 20;

/** After these errors the file may have been published all the same. */
const MAY_BE_DONE: ReadonlySet<string> = new Set(["storage-failed", "storage-full", "upload-not-found"]);

/** What uploads in parts need. */
export interface UploadsInPartsOptions {
  readonly sessions: UploadSessions;
  readonly store: PartStore;
  readonly publish: Publish;
  readonly requireAdmitted: RequireAdmitted;
  readonly indexes: readonly ReleaseIndex[];
  /** Size of every part except the last. Bytes. */
  readonly partSize: number;
  /** The largest file, in bytes. */
  readonly maxSize: number;
  /** Returns an id that was never used before. */
  readonly freshId: () => string;
}

/** What is said of a file beside its bytes: where it comes from, and its attestations. */
export type FileOrigin = Pick<PublishRequest, "uploadedAt" | "fork" | "attestations">;

/** `kind` as for an upload in one piece. */
export type UploadResult = Pick<PublishResult, "kind" | "firstOf"> & Pick<UploadSession, "filename" | "index">;

/** The result of beginning an upload. */
export type BeginResult =
  | { readonly kind: "begun" | "resumed"; readonly session: UploadSession }
  | (UploadResult & { readonly kind: "identical" });

/** Uploads in parts, for files that are larger than one request may be, and for unreliable connections. */
export interface UploadsInParts {
  /**
   * Begins an upload, or resumes the principal's own upload of the same file.
   *
   * @throws IndexError `no-such-route`, `bad-request`, `too-large`, `not-allowed`, `unprocessable` or `file-exists` where the
   *   file could not be published, `too-many-attempts` where the principal has too many unfinished uploads, `storage-failed`
   */
  begin(announcement: Announcement, author: Author, ctx: Context): Promise<BeginResult>;
  /** Throws `upload-not-found` where there is no such upload, or where it belongs to another principal; `storage-failed`. */
  find(id: string, principal: Principal): Promise<UploadSession>;
  /**
   * Stores a part. `chunks` must have the size that `partSizeOf` returns.
   *
   * @throws IndexError `upload-not-found` where the upload takes no more parts, `storage-failed`, and the errors of
   *   `chunks`
   */
  put(session: UploadSession, number: number, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /**
   * Assembles and publishes the parts. May be repeated after any outcome.
   *
   * @param origin `uploadedAt`: when the file was uploaded to the index that it comes from, in milliseconds since the epoch; the
   *   caller has checked that the author may say so
   * @throws IndexError `bad-request` where parts are missing, and the upload continues; any other error of `Publish`,
   *   after which the upload is deleted unless the error is `storage-failed`
   */
  finish(session: UploadSession, author: Author, ctx: Context, origin: FileOrigin): Promise<UploadResult>;
  /** Ends the upload and deletes its parts. Throws `storage-failed`. */
  abort(session: UploadSession): Promise<void>;
}

/** The size of a part in bytes; undefined where there is no such part. */
export function partSizeOf({ size, partSize }: Pick<UploadSession, "size" | "partSize">, number: number) {
  const last = Math.ceil(size / partSize);
  if (!Number.isInteger(number) || number < 1 || number > last) return undefined;
  return number < last ? partSize : size - (last - 1) * partSize;
}

export function createUploadsInParts(parts: UploadsInPartsOptions): UploadsInParts {
  const { sessions, store, publish, requireAdmitted, indexes, partSize, maxSize, freshId } = parts;

  /**
   * Throws where the index's policy refuses the file, whichever of its projects it belongs to. Publishing looks again; here it is so
   * that no bytes are sent in vain.
   */
  async function requireAdmittedAsAny({ index, projects, filename, sha256 }: AnnouncedFile, ctx: Context) {
    const judged = projects.map((project) => requireAdmitted(index, { project, filename, sha256 }, ctx));
    await Promise.any(judged).catch(({ errors: [first] }: AggregateError) => {
      throw first;
    });
  }

  /** Ends a finished upload. A failure is only reported, because the outcome is known already. */
  async function cleanUp(session: UploadSession, ctx: Context): Promise<void> {
    try {
      await sessions.end(session.id);
      await store.discard(session);
    } catch (error) {
      ctx.report({ event: "storage-failed", what: `the end of upload ${session.id}`, reason: messageOf(error) });
    }
  }

  async function assemble(session: UploadSession, ctx: Context): Promise<void> {
    const outcome = await store.assemble(session);
    // Another request may have assembled it, or this one did and the store's answer was lost.
    if (outcome === "done" || (await store.isAssembled(session))) return;
    if (outcome === "unfit") {
      await sessions.forget(session.id);
      throw new IndexError(
        "storage-failed",
        `The stored parts of ${session.filename} differ from what was recorded; send them again.`,
      );
    }
    await cleanUp(session, ctx);
    throw noLongerOpen(session);
  }

  async function publishAssembled(
    session: UploadSession,
    author: Author,
    ctx: Context,
    origin: FileOrigin,
  ): Promise<UploadResult> {
    const { filename, index, sha256 } = session;
    const staged = await store.staged(session);
    if (staged.digests.sha256 !== sha256) {
      throw badRequest(
        `Together the parts of ${filename} have the sha256 ${staged.digests.sha256}, but ${sha256} was announced: the file has changed since its upload began. Upload it again.`,
      );
    }
    const request = {
      index: requireHostingIndex(indexes, index),
      author,
      filename,
      staged,
      claimed: { digests: { sha256 } },
      ...origin,
    };
    const { kind, firstOf } = await publish(request, ctx);
    return { kind, filename, index, firstOf };
  }

  return {
    async begin(announcement, author, ctx) {
      const index = requireHostingIndex(indexes, announcement.index);
      const file = restrictToPermitted(checkAnnouncement(announcement, maxSize), author.principal);
      await requireAdmittedAsAny(file, ctx);
      const [namesake, open] = await Promise.all([
        sessions.findSameNamed(file),
        sessions.findSame(file, author.principal.id),
      ]);
      const isIdentical = namesake?.isThere && namesake.sha256 === file.sha256;
      const lacksAttestations = isIdentical && !namesake.isAttested && announcement.attested;
      if (isIdentical && !lacksAttestations) {
        return { kind: "identical", filename: file.filename, index: index.name };
      }
      if (namesake && !index.volatile && !isIdentical) throw fileExists(file, namesake.isThere);
      if (open) return { kind: "resumed", session: open };
      const id = `${index.name}.${freshId()}`;
      const own = { ...file, id, actor: author.principal.id, partSize, multipart: await store.begin(id) };
      if (await sessions.begin({ ...own, begunAt: ctx.now }, MAX_UNFINISHED)) {
        return { kind: "begun", session: { ...own, parts: new Map() } };
      }
      await store.discard(own);
      const other = await sessions.findSame(file, author.principal.id);
      if (other) return { kind: "resumed", session: other };
      throw tooManyUnfinished(author.principal, MAX_UNFINISHED);
    },

    async find(id, principal) {
      const session = await sessions.find(id);
      if (session && (session.actor === principal.id || principal.id === ADMIN.id)) return session;
      throw uploadNotFound();
    },

    async put(session, number, chunks) {
      const before = session.parts.get(number);
      // The part counts as missing until it is recorded again, because the store now has another ETag for it.
      if (before !== undefined) await sessions.forget(session.id, number);
      const etag = await store.put(session, number, partSizeOf(session, number) ?? 0, chunks);
      if (etag !== undefined) {
        if (await sessions.note(session.id, number, etag)) return;
        throw noLongerOpen(session);
      }
      if (await store.isAssembled(session)) {
        if (before !== undefined) await sessions.note(session.id, number, before);
      } else {
        await sessions.end(session.id);
      }
      throw noLongerOpen(session);
    },

    async finish(session, author, ctx, origin) {
      const isWhole = await store.isAssembled(session);
      if (!isWhole) requireAllParts(session);
      try {
        if (!isWhole) await assemble(session, ctx);
        const ended = await publishAssembled(session, author, ctx, origin);
        await cleanUp(session, ctx);
        return ended;
      } catch (error) {
        if (!(error instanceof IndexError)) throw error;
        if (!MAY_BE_DONE.has(error.kind)) {
          await cleanUp(session, ctx);
          throw error;
        }
        // Another request may have published it and deleted the parts.
        const namesake = await sessions.findSameNamed(session);
        if (!namesake?.isThere || namesake.sha256 !== session.sha256) throw error;
        await cleanUp(session, ctx);
        return { kind: "identical", filename: session.filename, index: session.index };
      }
    },

    async abort(session) {
      await sessions.end(session.id);
      await store.discard(session);
    },
  };
}
