import type {
  ConditionalGetOptions,
  ObjectCondition,
  ObjectHead,
  Objects,
  ObjectWithBody,
  PutOptions,
} from "../../worker/platform/objects.ts";
import { orDiskFull } from "../disk-full.ts";
import type { Sqlite } from "../sqlite/sqlite.ts";
import { fileBody, readPart, type FilePart } from "./file-body.ts";
import { checkedKey, checkedKeys, checkedLimit, checkedMetadata, resolvedRange, wantedDigest } from "./limits.ts";
import { spoolOf } from "./file-spool.ts";
import type { ObjectFiles } from "./object-files.ts";
import { deleteRows, listRows, putRow, rowOf, type ObjectRow } from "./object-rows.ts";
import type { Soundness } from "./soundness.ts";
import { uploadOf, type Uploads } from "./uploads.ts";
import { orCancelled } from "./write-file.ts";

interface Parts {
  readonly db: Sqlite;
  readonly files: ObjectFiles;
  readonly uploads: Uploads;
  readonly soundness: Pick<Soundness, "isSound" | "mayBeAbsent">;
  readonly now: () => number;
}

/** Objects whose bytes are files and whose rows are in SQLite. */
export function fileObjects({ db, files, uploads, soundness, now }: Parts): Objects {
  async function put(key: string, value: ReadableStream | Uint8Array | string, options: PutOptions) {
    const name = checkedKey("put", key);
    const metadata = checkedMetadata("put", options.customMetadata);
    const source = typeof value === "string" ? Buffer.from(value) : value;
    const spool = spoolOf(value);
    const wanted = wantedDigest(options);
    const file = await (spool ? files.adopt(name, spool, wanted) : files.write(name, source, wanted));
    const { version, size, digest } = file;
    const row: ObjectRow = { key: name, version, size, uploaded: now(), metadata, digest };
    const commit = () => putRow(db, row, options.onlyIf);
    const isStored = await files.publish(file, commit, () => rowOf(db, name)?.version === version);
    return isStored ? headOf(row) : null;
  }

  async function get(
    key: string,
    { range, onlyIf }: Partial<ConditionalGetOptions> = {},
  ): Promise<ObjectWithBody | ObjectHead | null> {
    const row = await soundRow(checkedKey("get", key));
    if (!row) return null;
    if (onlyIf && !holds(onlyIf, row)) return headOf(row);
    return withBody(row, { path: files.pathOf(row.key, row.version), ...resolvedRange(range, row.size) });
  }

  /** The row of a key whose bytes are right. */
  async function soundRow(key: string): Promise<ObjectRow | undefined> {
    for (;;) {
      const row = rowOf(db, key);
      if (!row || (await soundness.isSound(row))) return row;
    }
  }

  return {
    async head(key) {
      const name = checkedKey("head", key);
      const row = rowOf(db, name);
      const sound = row && soundness.mayBeAbsent(row) ? await soundRow(name) : row;
      return sound ? headOf(sound) : null;
    },

    // Its overloads say that there is a body where there is no condition.
    get: get as Objects["get"],

    put: (key, value, options = {}) => orCancelled(value, () => orDiskFull(() => put(key, value, options))),

    async delete(keys) {
      const names = checkedKeys("delete", keys);
      const versions = await deleteRows(db, names);
      await Promise.all(
        names.map(async (name, at) => {
          const version = versions[at];
          if (version !== undefined) await files.remove(name, version);
        }),
      );
    },

    async list({ prefix = "", startAfter = "", limit, include = [] }) {
      const most = checkedLimit(limit);
      const rows = listRows(db, prefix.toWellFormed(), startAfter.toWellFormed(), most + 1);
      const withMetadata = include.includes("customMetadata");
      return {
        objects: rows.slice(0, most).map(withMetadata ? headOf : factsOf),
        truncated: rows.length > most,
      };
    },

    async createMultipartUpload(key, options = {}) {
      const name = checkedKey("createMultipartUpload", key);
      const metadata = checkedMetadata("createMultipartUpload", options.customMetadata);
      return uploadOf(uploads, name, await orDiskFull(() => uploads.begin(name, metadata)), headOf);
    },

    resumeMultipartUpload: (key, uploadId) =>
      uploadOf(uploads, checkedKey("resumeMultipartUpload", key), uploadId, headOf),
  };
}

function holds({ etagMatches, etagDoesNotMatch }: ObjectCondition, { version }: ObjectRow): boolean {
  const names = (etag: string) => etag === "*" || etag === version;
  return (
    (etagMatches === undefined || names(etagMatches)) && (etagDoesNotMatch === undefined || !names(etagDoesNotMatch))
  );
}

const factsOf = ({ key, version, size, uploaded }: ObjectRow): ObjectHead => ({
  key,
  size,
  etag: version,
  uploaded: new Date(uploaded),
});

const headOf = (row: ObjectRow): ObjectHead => ({
  ...factsOf(row),
  customMetadata: JSON.parse(row.metadata) as Record<string, string>,
});

/** The stream is made when it is asked for: small objects are read with `bytes`. */
function withBody(row: ObjectRow, part: FilePart): ObjectWithBody {
  let body: ReadableStream<Uint8Array> | undefined;
  return {
    ...headOf(row),
    get body() {
      return (body ??= fileBody(part));
    },
    bytes: () => readPart(part),
  };
}
