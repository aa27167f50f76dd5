import { stat } from "node:fs/promises";
import { join } from "node:path";
import { createGunzip } from "node:zlib";
import { pipeline } from "node:stream/promises";
import { HOUR } from "../../worker/duration.ts";
import { ADVISORIES_PREFIX, CARRIED_PREFIX, DURABLE_PREFIXES, type ObjectHead } from "../../worker/platform/objects.ts";
import { knownDigest } from "../../worker/storage/moving/move-out.ts";
import { coreMetadataKey, HOSTED_FILES, type HostedFileRow } from "../carry-over/hosted-files.ts";
import { faultByDigest } from "../objects/digest-of.ts";
import { rowOf } from "../objects/object-rows.ts";
import { folderOfPrefix } from "../objects/key-path.ts";
import { unnamedBelow } from "../objects/recovery.ts";
import { isSystemError } from "../objects/system-error.ts";
import { faultOfSqlite } from "../sqlite/read-only.ts";
import type { StorageFault, Verified } from "./findings.ts";
import { LostObject, openStored, type Stored } from "./stored.ts";

/** What is younger may be under way: an upload, or a fill. Milliseconds. */
const SETTLED = HOUR;

const KEYS = 500;

/** Keys of values that are gzipped: https://www.rfc-editor.org/rfc/rfc1952 gives each a checksum. */
const GZIPPED = /^(?:page|html|queries|document|merged)\//;

const HOSTED = "hosted/";

/** The query for the keys of what was carried. */
export const CARRIED_OBJECTS = `SELECT 'carried/' || sha256 AS key FROM carried_object
  UNION SELECT 'carried/' || sha256 FROM carried_page`;

const ADVISORIES_OBJECT = "SELECT object AS key FROM advisory_index WHERE object IS NOT NULL";

/**
 * Compares all that a state directory has with its digests, rows with objects and objects with rows. Changes nothing; a
 * server may be using the directory.
 *
 * @throws SQLite's error where a file cannot be opened
 */
export async function verifyState(state: string): Promise<Verified> {
  const stored = openStored(state);
  try {
    const fault = faultOfSqlite(stored.database) ?? faultOfSqlite(stored.rows);
    if (fault !== undefined) {
      const findings: StorageFault[] = [{ kind: "database-damaged", subject: state, fault: `is damaged: ${fault}` }];
      return { hosted: 0, objects: 0, bytes: 0, values: 0, findings };
    }
    // The rows first: what they name is not deleted for 31 days.
    const hosted = stored.database.read(HOSTED_FILES) as unknown as HostedFileRow[];
    const objects = await verifyObjects(stored, hosted);
    const values = await verifyValues(stored);
    const unnamed = await filesWithoutRows(stored);
    return {
      hosted: hosted.length,
      ...objects,
      values: values.count,
      findings: [...objects.findings, ...unnamed, ...values.findings],
    };
  } finally {
    await stored.close();
  }
}

async function verifyObjects(stored: Stored, hosted: readonly HostedFileRow[]) {
  const findings: StorageFault[] = [];
  const wanted = wantedDigests(hosted);
  const unlinked = new Set(
    stored.database.read("SELECT object FROM unlinked_object").map(({ object }) => String(object)),
  );
  const seen = new Set<string>();
  let bytes = 0;
  for await (const head of heads(stored)) {
    const { key, size, uploaded } = head;
    seen.add(key);
    bytes += size;
    const named = wanted.get(key);
    const fault = await faultOf(stored, head, named?.digest);
    const isHosted = key.startsWith(HOSTED);
    const subject = named ? `${named.file} (${key})` : key;
    if (fault !== undefined) findings.push({ kind: damageOf(key), subject, fault });
    const isLeft = unlinked.has(key.replace(/\.metadata$/, "")) || Date.now() - uploaded.getTime() < SETTLED;
    if (isHosted && !named && !isLeft)
      findings.push({ kind: "hosted-without-row", subject: key, fault: "is named by no row of hosted_file" });
  }
  for (const [key, { file }] of wanted)
    if (!seen.has(key))
      findings.push({ kind: "hosted-damaged", subject: `${file} (${key})`, fault: "has a row, but no object" });
  for (const { key } of stored.database.read(`${CARRIED_OBJECTS} UNION ${ADVISORIES_OBJECT}`))
    if (!seen.has(String(key)))
      findings.push({ kind: damageOf(String(key)), subject: String(key), fault: "has a row, but no object" });
  return { objects: seen.size, bytes, findings };
}

/** Which finding it is that the object under a key is damaged. */
export function damageOf(key: string): StorageFault["kind"] {
  if (key.startsWith(HOSTED)) return "hosted-damaged";
  if (key.startsWith(ADVISORIES_PREFIX)) return "advisories-damaged";
  return key.startsWith(CARRIED_PREFIX) ? "carried-damaged" : "mirrored-damaged";
}

/** All objects but uploads that are not finished and the move folder. */
async function* heads({ objects }: Stored): AsyncGenerator<ObjectHead> {
  for (let startAfter: string | undefined = ""; startAfter !== undefined;) {
    const listed = await objects.list({
      limit: KEYS,
      include: ["customMetadata"],
      ...(startAfter !== "" && { startAfter }),
    });
    for (const head of listed.objects) if (!/^(?:staging|move)\//.test(head.key)) yield head;
    startAfter = listed.truncated ? listed.objects.at(-1)?.key : undefined;
  }
}

/** @param wanted SHA-256 in hex, where a row says it */
async function faultOf(stored: Stored, head: ObjectHead, wanted: string | undefined): Promise<string | undefined> {
  const known = wanted ?? knownDigest(head);
  const digest = known === undefined ? rowOf(stored.rows, head.key)?.digest : `sha256=${known}`;
  try {
    const object = await stored.objects.get(head.key, { onlyIf: { etagMatches: head.etag } });
    // It was deleted or replaced since it was listed.
    if (!object || !("body" in object) || digest == null) return undefined;
    return await faultByDigest(stored.files.pathOf(head.key, head.etag), digest);
  } catch (error) {
    if (error instanceof LostObject) return error.message;
    if (isSystemError(error, "ENOENT")) return undefined;
    if (isSystemError(error, "EIO")) return "cannot be read from the disk";
    throw error;
  }
}

/** What each object of the hosted files must be, by its key. */
export function wantedDigests(hosted: readonly HostedFileRow[]) {
  const wanted = new Map<string, { readonly file: string; readonly digest: string | undefined }>();
  for (const { index, project, filename, object, metadata } of hosted) {
    const file = `${index}/${project}/${filename}`;
    wanted.set(object, { file, digest: knownDigest({ key: object }) });
    if (metadata !== null) wanted.set(coreMetadataKey(object), { file, digest: metadata });
  }
  return wanted;
}

async function filesWithoutRows({ rows, files }: Stored): Promise<StorageFault[]> {
  const findings: StorageFault[] = [];
  for (const prefix of DURABLE_PREFIXES)
    for await (const { path, key } of unnamedBelow(folderOfPrefix(prefix), rows, files)) {
      const age = await stat(join(files.root, path)).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
      if (age >= SETTLED)
        findings.push({ kind: "file-without-row", subject: key, fault: `has a file (${path}) and no row` });
    }
  return findings;
}

async function verifyValues({ cache, keyValue }: Stored): Promise<{ count: number; findings: StorageFault[] }> {
  const fault = faultOfSqlite(cache);
  if (fault !== undefined)
    return { count: 0, findings: [{ kind: "cache-damaged", subject: "cache.sqlite", fault: `is damaged: ${fault}` }] };
  const findings: StorageFault[] = [];
  let count = 0;
  for (let cursor: string | undefined = ""; cursor !== undefined;) {
    const listed = await keyValue.list({ limit: KEYS, ...(cursor !== "" && { cursor }) });
    for (const { name } of listed.keys) {
      count += 1;
      const value = await keyValue.get(name, "stream");
      if (!GZIPPED.test(name) || !value) await value?.cancel();
      else if (!(await isWhole(value)))
        findings.push({
          kind: "page-damaged",
          subject: name,
          fault: "is not whole, or has other bytes than were stored",
        });
    }
    cursor = listed.list_complete ? undefined : listed.cursor;
  }
  return { count, findings };
}

/** Whether gzipped bytes agree with their checksum. An empty value stands for one that is elsewhere. */
async function isWhole(value: ReadableStream<Uint8Array>): Promise<boolean> {
  let read = 0;
  try {
    await pipeline(
      value,
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          read += chunk.byteLength;
          yield chunk;
        }
      },
      createGunzip(),
      async (inflated: AsyncIterable<unknown>) => {
        for await (const _ of inflated);
      },
    );
    return true;
  } catch {
    return read === 0;
  }
}
