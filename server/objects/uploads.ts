import { mkdir, open, readdir, rm } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import type { MultipartUpload, UploadedPart } from "../../worker/platform/objects.ts";
import { WEEK } from "../../worker/duration.ts";
import { orDiskFull } from "../disk-full.ts";
import { statement, type Sqlite } from "../sqlite/sqlite.ts";
import { syncFolder } from "./folders.ts";
import { freshVersion, type ObjectFiles } from "./object-files.ts";
import { commitOf, rowOf, versionBefore, type ObjectRow } from "./object-rows.ts";
import { CODES, objectsError } from "./objects-error.ts";
import { checkRoom } from "./room.ts";
import { isSystemError } from "./system-error.ts";
import { orCancelled, writeNewFile } from "./write-file.ts";

/** R2's limits: of each part but the last, in bytes; and of the numbers of parts. */
const MIN_PART = 5 * 1024 * 1024;
const MAX_PARTS = 10_000;

/** An upload ends by itself after this. */
const LIFETIME = WEEK;

/** Bytes that one read of a part asks for. */
const CHUNK = 1024 * 1024;

const BEGIN = "INSERT INTO upload (id, key, metadata, begun_at) VALUES (?1, ?2, ?3, ?4)";
const ALIVE = "SELECT metadata FROM upload WHERE id = ?1 AND key = ?2 AND begun_at >= ?3";
const EXPIRED = "SELECT id FROM upload WHERE begun_at < ?1";
const PARTS = "SELECT number, etag, size FROM part WHERE upload = ?1 ORDER BY number";
const PART_BEFORE = "SELECT etag FROM part WHERE upload = ?1 AND number = ?2";

const PUT_PART = `INSERT INTO part (upload, number, etag, size)
  SELECT ?1, ?2, ?3, ?4 FROM upload WHERE id = ?1
  ON CONFLICT (upload, number) DO UPDATE SET etag = excluded.etag, size = excluded.size
  RETURNING 1`;

const COMPLETE = `INSERT INTO object (key, version, size, uploaded, metadata, digest)
  SELECT ?2, ?3, ?4, ?5, metadata, ?6 FROM upload WHERE id = ?1
  ON CONFLICT (key) DO UPDATE SET version = excluded.version, size = excluded.size, uploaded = excluded.uploaded,
    metadata = excluded.metadata, digest = excluded.digest
  RETURNING 1`;

const END = ["DELETE FROM upload WHERE id = ?1 RETURNING 1", "DELETE FROM part WHERE upload = ?1"] as const;

interface PartRow {
  readonly number: number;
  readonly etag: string;
  readonly size: number;
}

/**
 * Unfinished uploads. Each part is a file in the folder of its upload; the folder goes with the upload, also with files
 * that no row names. A complete upload is written anew as one file.
 */
export class Uploads {
  readonly #folder: string;
  readonly #db: Sqlite;
  readonly #files: ObjectFiles;
  readonly #isDurable: (key: string) => boolean;
  readonly #now: () => number;

  /** @param folder for the files of parts */
  constructor(
    folder: string,
    db: Sqlite,
    files: ObjectFiles,
    { isDurable, now }: { readonly isDurable: (key: string) => boolean; readonly now: () => number },
  ) {
    this.#folder = folder;
    this.#db = db;
    this.#files = files;
    this.#isDurable = isDurable;
    this.#now = now;
  }

  /** @param metadata custom metadata as JSON */
  async begin(key: string, metadata: string): Promise<string> {
    await this.endExpired();
    const id = randomBytes(16).toString("hex");
    await mkdir(join(this.#folder, id));
    if (this.#isDurable(key)) await syncFolder(this.#folder);
    await this.#db.write(statement(BEGIN, id, key, metadata, this.#now()));
    return id;
  }

  async putPart(
    key: string,
    id: string,
    number: number,
    value: Uint8Array | AsyncIterable<Uint8Array>,
  ): Promise<UploadedPart> {
    if (!Number.isInteger(number) || number < 1 || number > MAX_PARTS)
      throw new TypeError(`uploadPart: A part's number is from 1 to ${MAX_PARTS}, not ${number}.`);
    this.#metadataOf("uploadPart", key, id);
    const etag = freshVersion();
    const path = this.#pathOf(id, number, etag);
    const size = await this.#writePart(path, value, this.#isDurable(key)).catch((error: unknown) => {
      // An upload that has ended meanwhile has no folder.
      this.#metadataOf("uploadPart", key, id);
      throw error;
    });
    const [before, put] = await this.#db.write(
      statement(PART_BEFORE, id, number),
      statement(PUT_PART, id, number, etag, size),
    );
    if (put?.rows.length === 0) {
      await this.#removeFiles(id);
      throw noSuchUpload("uploadPart");
    }
    const old = before?.rows[0]?.["etag"];
    if (typeof old === "string") await rm(this.#pathOf(id, number, old), { force: true });
    return { partNumber: number, etag };
  }

  async #writePart(path: string, value: Uint8Array | AsyncIterable<Uint8Array>, synced: boolean): Promise<number> {
    if (!synced) await checkRoom(this.#folder);
    const size = await writeNewFile(path, value, { synced });
    if (synced) await syncFolder(dirname(path));
    return size;
  }

  /** Makes the parts one object. Of two calls at the same time, one finds that the upload no longer exists. */
  async complete(key: string, id: string, wanted: readonly UploadedPart[]): Promise<ObjectRow> {
    const metadata = this.#metadataOf("completeMultipartUpload", key, id);
    const parts = this.#partsOf(id, wanted);
    const file = await this.#files.write(key, this.#read(id, parts));
    if (file.size !== parts.reduce((sum, { size }) => sum + size, 0)) {
      await this.#files.discard(file);
      throw invalidPart();
    }
    const { version, size, digest } = file;
    const row = { key, version, size, uploaded: this.#now(), metadata, digest };
    const commit = async () =>
      commitOf(
        await this.#db.write(
          versionBefore(key),
          statement(COMPLETE, id, key, version, size, row.uploaded, digest),
          ...END.map((sql) => statement(sql, id)),
        ),
      );
    const isCommitted = () => rowOf(this.#db, key)?.version === version;
    if (!(await this.#files.publish(file, commit, isCommitted))) throw noSuchUpload("completeMultipartUpload");
    await this.#removeFiles(id);
    return row;
  }

  async abort(key: string, id: string): Promise<void> {
    this.#metadataOf("abortMultipartUpload", key, id);
    await this.#end([id]);
  }

  /** Ends the uploads that were begun too long ago. */
  async endExpired(): Promise<void> {
    const rows = this.#db.read(EXPIRED, this.#now() - LIFETIME);
    if (rows.length > 0) await this.#end(rows.map(({ id }) => String(id)));
  }

  /** Deletes the files of uploads that have ended. No upload may be under way. */
  async removeEnded(): Promise<void> {
    const alive = new Set(this.#db.read("SELECT id FROM upload").map(({ id }) => String(id)));
    for (const id of await readdir(this.#folder)) if (!alive.has(id)) await this.#removeFiles(id);
  }

  async #end(ids: readonly string[]): Promise<void> {
    await this.#db.write(...ids.flatMap((id) => END.map((sql) => statement(sql, id))));
    for (const id of ids) await this.#removeFiles(id);
  }

  /** What cannot be deleted now is deleted when the folder is opened again. */
  async #removeFiles(id: string): Promise<void> {
    await rm(join(this.#folder, id), { recursive: true, force: true }).catch(() => undefined);
  }

  /** The custom metadata of an upload. Throws where there is no such upload. */
  #metadataOf(method: string, key: string, id: string): string {
    const [row] = this.#db.read(ALIVE, id, key, this.#now() - LIFETIME);
    if (!row) throw noSuchUpload(method);
    return String(row["metadata"]);
  }

  /** The rows of the wanted parts, in order. Throws where they cannot become an object. */
  #partsOf(id: string, wanted: readonly UploadedPart[]): PartRow[] {
    const known = new Map((this.#db.read(PARTS, id) as unknown as PartRow[]).map((part) => [part.number, part]));
    const parts = wanted
      .map(({ partNumber, etag }) => {
        const part = known.get(partNumber);
        if (part?.etag !== etag) throw invalidPart();
        return part;
      })
      .toSorted((a, b) => a.number - b.number);
    if (new Set(parts).size !== parts.length) throw invalidPart();
    const [first, last] = [parts[0], parts.at(-1)];
    if (!first || !last) throw badUpload("There are no parts.");
    const whole = parts.slice(0, -1);
    if (whole.some(({ size }) => size < MIN_PART))
      throw objectsError(
        "completeMultipartUpload",
        "Your proposed upload is smaller than the minimum allowed object size.",
        CODES.entityTooSmall,
      );
    if (whole.some(({ size }) => size !== first.size) || last.size > first.size)
      throw badUpload("All parts but the last must have one size, and the last must not be larger.");
    return parts;
  }

  async *#read(id: string, parts: readonly PartRow[]): AsyncGenerator<Uint8Array> {
    const buffer = Buffer.allocUnsafeSlow(CHUNK);
    try {
      for (const { number, etag } of parts) yield* chunksOf(this.#pathOf(id, number, etag), buffer);
    } catch (error) {
      // It was replaced or aborted meanwhile, or the disk has lost it.
      if (isSystemError(error, "ENOENT")) throw invalidPart();
      throw error;
    }
  }

  #pathOf(id: string, number: number, etag: string): string {
    return join(this.#folder, id, `${number}@${etag}`);
  }
}

/** The bytes of a file, in chunks that lie in `buffer` until the next one is asked for. */
async function* chunksOf(path: string, buffer: Uint8Array): AsyncGenerator<Uint8Array> {
  const handle = await open(path);
  try {
    for (;;) {
      const { bytesRead } = await handle.read(buffer);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** An upload as the worker sees it. */
export const uploadOf = (
  uploads: Uploads,
  key: string,
  uploadId: string,
  headOf: (row: ObjectRow) => Awaited<ReturnType<MultipartUpload["complete"]>>,
): MultipartUpload => ({
  uploadId,
  uploadPart: (partNumber, value) =>
    orCancelled(value, () => orDiskFull(() => uploads.putPart(key, uploadId, partNumber, value))),
  complete: async (parts) => headOf(await orDiskFull(() => uploads.complete(key, uploadId, parts))),
  abort: () => uploads.abort(key, uploadId),
});

const noSuchUpload = (method: string) =>
  objectsError(method, "The specified multipart upload does not exist.", CODES.noSuchUpload);

const invalidPart = () =>
  objectsError("completeMultipartUpload", "One or more of the specified parts could not be found.", CODES.invalidPart);

const badUpload = (reason: string) =>
  objectsError("completeMultipartUpload", `There was a problem with the multipart upload. ${reason}`, CODES.badUpload);
