import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { PROJECT_FOLDER } from "../../../cli/lib/project-folder.ts";

/** State directories of versions that stored their data in simulators of Cloudflare's stores. */

/** Of version 0012; its README says how it was made. */
export const OLD_TOKEN = "pypi-edge_b41126513f2e1ad4_Sabs3y5K1oEedizJ91TLcY4bylAoxvTNPk0ToLoKGts";

/** SHA-256 of the files in 0012 that were not deleted. */
export const OLD_FILES: Readonly<Record<string, string>> = {
  "kept-1.0-py3-none-any.whl": "612026748b6096476c4b60aa3ce9595685ddb3fac36e93e9e225b0dcebfa0f60",
  "kept-1.1-py3-none-any.whl": "b85321a75ff7d4ed9b2c4876d30bccd6109f82cf93be433ccb4b64455ecf9838",
  "parts-2.0-py3-none-any.whl": "fed5d8fcbd9a6272fd97d27441ba763f99c91ec922d85f5cb4859d69d1024599",
};

/** Unpacks a state directory into a folder, which is made. */
export function unpackState(name: "0009" | "0012", folder: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(PROJECT_FOLDER, "test", "fixtures", "states", `${name}.tar.gz`);
  execFileSync("tar", ["-xzf", file, "-C", folder]);
  return folder;
}

/** The SQLite file of the simulated database, or of the simulated bucket. */
export function simulatedFile(state: string, kind: "d1" | "r2"): string {
  const [name = ""] = globSync(`${kind}/*/????????????????*.sqlite`, { cwd: state });
  return join(state, name);
}

/** The rows of each table, by name. The file and its log are read in a copy. */
export function tablesIn(file: string): Record<string, readonly unknown[]> {
  const folder = mkdtempSync(join(tmpdir(), "pypi-edge-tables-"));
  const copy = join(folder, "copy.sqlite");
  for (const end of ["", "-wal"]) if (existsSync(`${file}${end}`)) copyFileSync(`${file}${end}`, `${copy}${end}`);
  const db = new DatabaseSync(copy);
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  const rows = tables.map(({ name }) => [String(name), db.prepare(`SELECT * FROM "${String(name)}"`).all()] as const);
  db.close();
  rmSync(folder, { recursive: true });
  return Object.fromEntries(rows);
}

/** Tables that each database has of its own. */
const OWN_TABLES = new Set(["_cf_METADATA", "d1_migrations", "sqlite_sequence"]);

/** The rows of an old database and of one made of it that are to be the same: without what later migrations have added. */
export function comparedRows(old: string, made: string): readonly Record<string, readonly unknown[]>[] {
  const before = Object.entries(tablesIn(old)).filter(([table]) => !OWN_TABLES.has(table));
  const all = tablesIn(made) as Record<string, readonly object[]>;
  const after = before.map(([table, [first]]) => {
    const columns = Object.keys(first ?? {});
    const known = all[table]?.map((row) =>
      Object.fromEntries(Object.entries(row).filter(([name]) => columns.includes(name))),
    );
    return [table, known ?? []] as const;
  });
  return [{ ...Object.fromEntries(before), upload: [], upload_part: [] }, Object.fromEntries(after)];
}

/** SHA-256 of each file in a folder, by its path. */
export function digestsIn(folder: string): Record<string, string> {
  const paths = globSync("**", { cwd: folder, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = paths.map(({ parentPath, name }) => join(parentPath, name)).toSorted();
  return Object.fromEntries(files.map((file) => [file.slice(folder.length + 1), sha256(readFileSync(file))]));
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

interface BucketRow {
  readonly key: string;
  readonly blob_id: string;
}

const bucketRows = (state: string) => tablesIn(simulatedFile(state, "r2"))["_mf_objects"] as readonly BucketRow[];

/** The path of an object's bytes in a simulated bucket. */
export function blobOf(state: string, key: string): string {
  const name = bucketRows(state).find((row) => row.key === key)?.blob_id ?? "none";
  return join(state, "r2", "pypi-edge-files", "blobs", name);
}

/** The keys in a simulated bucket that begin with a prefix. */
export const simulatedKeys = (state: string, prefix: string): string[] =>
  bucketRows(state)
    .map(({ key }) => key)
    .filter((key) => key.startsWith(prefix));

/** The SHA-256 of each object of a simulated bucket whose key begins with a prefix, by its key. */
export function simulatedObjects(state: string, prefix: string): Record<string, string> {
  const digests = digestsIn(join(state, "r2", "pypi-edge-files", "blobs"));
  const rows = bucketRows(state).filter(({ key }) => key.startsWith(prefix));
  return Object.fromEntries(rows.map(({ key, blob_id: name }) => [key, digests[name] ?? "none"]));
}

/** Adds hosted files to a state, as the simulators would have; the first is empty. All have custom metadata. */
export function addHostedFiles(state: string, count: number): void {
  const [database, bucket] = [
    new DatabaseSync(simulatedFile(state, "d1")),
    new DatabaseSync(simulatedFile(state, "r2")),
  ];
  database.exec("BEGIN; INSERT INTO hosted_project (index_name, project, revision) VALUES ('team', 'many', 1)");
  bucket.exec("BEGIN");
  const file = database.prepare(`INSERT INTO hosted_file
    (index_name, project, identity, filename, version, sha256, size, object, uploaded_at) VALUES ('team', 'many', ?, ?, ?, ?, ?, ?, 5)`);
  const object = bucket.prepare(`INSERT INTO _mf_objects
    (key, blob_id, version, size, etag, uploaded, checksums, http_metadata, custom_metadata) VALUES (?, ?, 'v', ?, 'e', 5, '{}', '{}', ?)`);
  for (let at = 0; at < count; at++) {
    const bytes = Buffer.alloc(at * 300, `${at} `);
    const digest = sha256(bytes);
    const [key, filename] = [`hosted/${digest}/${at.toString(16).padStart(16, "0")}`, `many-${at}.tar.gz`];
    file.run(filename, filename, `${at}`, digest, bytes.byteLength, key);
    object.run(key, `added-${at}`, bytes.byteLength, JSON.stringify({ at: `${at} é` }));
    writeFileSync(join(state, "r2", "pypi-edge-files", "blobs", `added-${at}`), bytes);
  }
  for (const db of [database, bucket]) {
    db.exec("COMMIT");
    db.close();
  }
}
