import type { Author } from "../auth/deed.ts";
import { ADMIN, demand, may, type Principal } from "../auth/principal.ts";
import { badRequest, IndexError, messageOf } from "../errors.ts";
import type { ProjectName } from "../pypi/name.ts";
import { announcedFile, type AnnouncedFile, type Announcement } from "./announced.ts";
import type { HostingIndex } from "./releases/deciding.ts";
import type { PartStore, UploadSession, UploadSessions } from "./sessions.ts";
import type { Outcome, Publish } from "./submission.ts";
import type { Context } from "../repository/context.ts";

/** Of all parts but the last: well below what the platform lets through in one request (100 MB). Bytes. */
export const PART_SIZE = 32 * 1024 ** 2;

/** Each may hold some GiB; whoever uploads one file after another has one. */
const MAX_OPEN = 20;

/** More numbers are not listed. */
const SHOWN = 10;

/** What uploads in parts are made of. */
export interface InPartsParts {
  readonly sessions: UploadSessions;
  readonly store: PartStore;
  readonly publish: Publish;
  readonly indexes: readonly HostingIndex[];
  /** Of all parts but the last, in bytes. */
  readonly partSize: number;
  /** Bytes that a file may have. */
  readonly maxSize: number;
  /** An id that nobody has had before. */
  readonly freshId: () => string;
}

/** `kind` as it is of an upload in one piece. */
export type Ended = Pick<Outcome, "kind"> & Pick<UploadSession, "filename" | "index">;

/** What became of the wish to begin. */
export type Begun =
  | { readonly kind: "begun" | "resumed"; readonly session: UploadSession }
  | (Ended & { readonly kind: "identical" });

/** Files that come in parts, since they are larger than a request can be, or since the line breaks. */
export interface UploadsInParts {
  /**
   * Begins an upload, or finds the one of the same file that the same principal has begun.
   *
   * @throws IndexError `no-such-route`, `bad-request`, `too-large`, `not-allowed` or `file-exists` where it could never be published,
   *   `too-many-attempts` where they have begun too many, `storage-failed`
   */
  begin(announcement: Announcement, author: Author, ctx: Context): Promise<Begun>;
  /** Throws `upload-not-found` where there is none, or none of theirs; `storage-failed`. */
  find(id: string, principal: Principal): Promise<UploadSession>;
  /**
   * Stores a part. `chunks` must come to its size, which `sizeOf` says.
   *
   * @throws IndexError `upload-not-found` where it takes no more, `storage-failed`, and what `chunks` throws
   */
  put(session: UploadSession, number: number, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /**
   * Publishes what the parts have become. May be called again, whatever became of it before.
   *
   * @throws IndexError `bad-request` where parts are missing, and the upload stays; else what `Publish` throws, and nothing is
   *   left of it unless that is `storage-failed`
   */
  finish(session: UploadSession, author: Author, ctx: Context): Promise<Ended>;
  /** Ends it; nothing is left. Throws `storage-failed`. */
  giveUp(session: UploadSession): Promise<void>;
}

/** Bytes of a part; undefined where there is none of this number. */
export function sizeOf({ size, partSize }: Pick<UploadSession, "size" | "partSize">, number: number) {
  const last = Math.ceil(size / partSize);
  if (!Number.isInteger(number) || number < 1 || number > last) return undefined;
  return number < last ? partSize : size - (last - 1) * partSize;
}

export function uploadsInParts(parts: InPartsParts): UploadsInParts {
  const { sessions, store, publish, indexes, partSize, maxSize, freshId } = parts;

  /** Ends an upload of which nothing is to come any more: the outcome is told whether or not this succeeds. */
  async function clear(session: UploadSession, ctx: Context): Promise<void> {
    try {
      await sessions.end(session.id);
      await store.discard(session);
    } catch (error) {
      ctx.report({ event: "storage-failed", what: `the end of upload ${session.id}`, reason: messageOf(error) });
    }
  }

  async function assembled(session: UploadSession, ctx: Context): Promise<void> {
    const outcome = await store.assemble(session);
    // Another call may just have done it, or this one before its answer was lost.
    if (outcome === "done" || (await store.isAssembled(session))) return;
    if (outcome === "unfit") {
      await sessions.forget(session.id);
      throw new IndexError(
        "storage-failed",
        `The parts of ${session.filename} are not stored as they were noted; send them again.`,
      );
    }
    await clear(session, ctx);
    throw noLongerOpen(session);
  }

  async function published(session: UploadSession, author: Author, ctx: Context): Promise<Ended> {
    const { filename, index, sha256 } = session;
    const staged = await store.staged(session);
    if (staged.digests.sha256 !== sha256) {
      throw badRequest(
        `The parts of ${filename} have the sha256 ${staged.digests.sha256} together, and ${sha256} was announced: the file has changed since its upload began. Upload it again.`,
      );
    }
    const submission = { index: hosting(indexes, index), author, filename, staged, claimed: { digests: { sha256 } } };
    const { kind } = await publish(submission, ctx);
    return { kind, filename, index };
  }

  return {
    async begin(announcement, author, ctx) {
      const index = hosting(indexes, announcement.index);
      const file = theirs(announcedFile(announcement, maxSize), author.principal);
      const [namesake, open] = await Promise.all([
        sessions.namesake(file),
        sessions.findSame(file, author.principal.id),
      ]);
      if (namesake?.isThere && namesake.sha256 === file.sha256) {
        return { kind: "identical", filename: file.filename, index: index.name };
      }
      if (namesake && !index.volatile) throw exists(file, namesake.isThere);
      if (open) return { kind: "resumed", session: open };
      const id = `${index.name}.${freshId()}`;
      const own = { ...file, id, actor: author.principal.id, partSize, multipart: await store.begin(id) };
      if (await sessions.begin({ ...own, begunAt: ctx.now }, MAX_OPEN)) {
        return { kind: "begun", session: { ...own, parts: new Map() } };
      }
      await store.discard(own);
      const other = await sessions.findSame(file, author.principal.id);
      if (other) return { kind: "resumed", session: other };
      throw tooMany(author.principal);
    },

    async find(id, principal) {
      const session = await sessions.find(id);
      if (session && (session.actor === principal.id || principal.id === ADMIN.id)) return session;
      throw new IndexError("upload-not-found", NOT_FOUND);
    },

    async put(session, number, chunks) {
      const before = session.parts.get(number);
      // Until it is noted again it has not arrived: the store knows it by another name from then on.
      if (before !== undefined) await sessions.forget(session.id, number);
      const etag = await store.put(session, number, sizeOf(session, number) ?? 0, chunks);
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

    async finish(session, author, ctx) {
      const isWhole = await store.isAssembled(session);
      if (!isWhole) demandAll(session);
      try {
        if (!isWhole) await assembled(session, ctx);
        const ended = await published(session, author, ctx);
        await clear(session, ctx);
        return ended;
      } catch (error) {
        if (!(error instanceof IndexError)) throw error;
        if (!MAY_BE_DONE.has(error.kind)) {
          await clear(session, ctx);
          throw error;
        }
        // Another call may have published it, and taken the bytes away.
        const namesake = await sessions.namesake(session);
        if (!namesake?.isThere || namesake.sha256 !== session.sha256) throw error;
        await clear(session, ctx);
        return { kind: "identical", filename: session.filename, index: session.index };
      }
    },

    async giveUp(session) {
      await sessions.end(session.id);
      await store.discard(session);
    },
  };
}

/** Failures that say nothing of what became of the file. */
const MAY_BE_DONE: ReadonlySet<string> = new Set(["storage-failed", "upload-not-found"]);

/** Throws `no-such-route` where there is none that hosts. */
function hosting(indexes: readonly HostingIndex[], name: string): HostingIndex {
  const index = indexes.find((each) => each.hosted && each.name === name);
  if (index) return index;
  throw new IndexError(
    "no-such-route",
    `There is no index ${JSON.stringify(name.slice(0, 40))} here that takes uploads; wrangler.toml shows which do (hosted = true).`,
  );
}

/**
 * The same file, of those projects alone that they may write: of others nothing is to be learnt here.
 *
 * @throws IndexError `not-allowed` where there is none
 */
function theirs(file: AnnouncedFile, principal: Principal): AnnouncedFile {
  const wish = (project: ProjectName) => ({ scope: "upload", index: file.index, project }) as const;
  const projects = file.projects.filter((project) => may(principal, wish(project)));
  const [first] = file.projects;
  if (projects.length === 0 && first !== undefined) demand(principal, wish(first));
  return { ...file, projects };
}

/** Throws `bad-request` where parts are missing. */
function demandAll({ filename, size, partSize, parts }: UploadSession): void {
  const all = Array.from({ length: Math.ceil(size / partSize) }, (_, at) => at + 1);
  const missing = all.filter((number) => !parts.has(number));
  if (missing.length === 0) return;
  const more = missing.length > SHOWN ? ` and ${missing.length - SHOWN} more` : "";
  throw badRequest(
    `${missing.length} of ${all.length} parts of ${filename} have not arrived: ${missing.slice(0, SHOWN).join(", ")}${more}. Send them, and finish then.`,
  );
}

const exists = ({ filename, index }: AnnouncedFile, isThere: boolean) =>
  new IndexError(
    "file-exists",
    `File already exists: ${filename}. ${index} ${isThere ? "has it with other bytes" : "had it, and it was deleted"}. A name is used once and for good; raise the version and build it anew.`,
  );

const tooMany = ({ name }: Principal) =>
  new IndexError(
    "too-many-attempts",
    `The token ${JSON.stringify(name)} has begun ${MAX_OPEN} uploads and not ended them; go on with one of them, or wait: each ends a day after it began.`,
  );

const NOT_FOUND =
  "There is no such upload of yours: it was finished or given up, or a day has passed since it began. Begin it again, which says so if the file is there already.";

const noLongerOpen = ({ filename }: UploadSession) =>
  new IndexError(
    "upload-not-found",
    `This upload of ${filename} takes no more parts: all of it has come, or it was given up. Begin it again, which says how far it is.`,
  );
