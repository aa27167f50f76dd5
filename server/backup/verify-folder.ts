import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { movedObject, movedRow, movedValue, type MovedObject, type MovedRow } from "../../schema/moving.ts";
import { CARRIED_PREFIX } from "../../worker/platform/objects.ts";
import { numbered, readLines, readManifest } from "../../worker/storage/moving/files.ts";
import { bytesPath, isFileName, type MovePlace } from "../../worker/storage/moving/place.ts";
import type { HostedFileRow } from "../carry-over/hosted-files.ts";
import { folderPlace } from "../moving/folder-place.ts";
import { digestOfFile } from "../objects/digest-of.ts";
import { syncFolder } from "../objects/folders.ts";
import { writeNewFile } from "../objects/write-file.ts";
import type { StorageFault, Verified } from "./findings.ts";
import { damageOf, wantedDigests } from "./verify-state.ts";

/** The digests of all files of a backup, as `sha256sum -c` reads them. */
const SUMS = "SHA256SUMS";

/** Files that come and go beside those that were written by `move-out`. */
const LEFT = /^move\/(?:position|moved-in)\.json$|\.new$/;

/**
 * Reads all bytes of a backup, or of a move folder, and compares them with its digests, and each row of a hosted file with
 * its object.
 *
 * @param isNew whether it was just written, and its digests are to be written beside it
 * @throws IndexError where a file of it is missing, or cannot be understood, and the system's error
 */
export async function verifyFolder(folder: string, { isNew }: { readonly isNew: boolean }): Promise<Verified> {
  const place = folderPlace(folder);
  const sums = await digestsBelow(folder);
  const findings: StorageFault[] = [];
  if (!isNew) findings.push(...(await changedSince(folder, sums)));
  const manifest = await readManifest(place);
  const objects = await linesOf(place, "objects", manifest.objects, movedObject);
  const values = await linesOf(place, "values", manifest.values, movedValue);
  const hosted = await linesOf(place, "rows", manifest.rows, movedRow, isHostedFile);

  const byKey = new Map(objects.map((line) => [line.key, line]));
  const wanted = wantedDigests(hosted.map(({ row }) => hostedFileOf(row)));
  for (const line of objects) {
    const named = wanted.get(line.key);
    const fault = faultOf(line, sums) ?? (named?.digest === line.sha256 || !named ? undefined : OTHER_BYTES);
    if (fault === undefined) continue;
    findings.push({ kind: damageOf(line.key), subject: named ? `${named.file} (${line.key})` : line.key, fault });
  }
  for (const [key, { file }] of wanted)
    if (!byKey.has(key))
      findings.push({ kind: "hosted-damaged", subject: `${file} (${key})`, fault: "has a row, but no object" });

  for (const { row } of await linesOf(place, "rows", manifest.rows, movedRow, isCarried)) {
    const key = `${CARRIED_PREFIX}${row["sha256"]}`;
    if (!byKey.has(key)) findings.push({ kind: "carried-damaged", subject: key, fault: "has a row, but no object" });
  }

  if (isNew) await writeSums(folder, sums);
  const bytes = objects.reduce((sum, { size }) => sum + size, 0);
  return { hosted: hosted.length, objects: objects.length, bytes, values: values.length, findings };
}

/** Not deleted, or in the trash. A backup of an earlier version has no trash. */
const isHostedFile = ({ table, row }: MovedRow) => table === "hosted_file" && objectOf(row) !== null;

const isCarried = ({ table }: MovedRow) => table === "carried_object" || table === "carried_page";

const objectOf = (row: MovedRow["row"]) => row["object"] ?? row["trashed"] ?? null;

const OTHER_BYTES = "has other bytes than its row says";

function faultOf({ key, path, sha256 }: MovedObject, sums: ReadonlyMap<string, string>): string | undefined {
  const own = bytesPath(createHash("sha256").update(key).digest("hex"));
  if (path !== own && !(path === key && isFileName(key))) return `has a path that is not its own: ${path}`;
  const found = sums.get(path);
  if (found === undefined) return `is not there: ${path}`;
  return found === sha256 ? undefined : `has other bytes than were stored: ${path}`;
}

function hostedFileOf(row: Readonly<Record<string, string | number | null>>): HostedFileRow {
  const text = (name: string) => String(row[name] ?? "");
  const metadata = row["metadata_sha256"];
  return {
    index: text("index_name"),
    project: text("project"),
    version: text("version"),
    filename: text("filename"),
    object: String(objectOf(row) ?? ""),
    metadata: typeof metadata === "string" ? metadata : null,
  };
}

async function linesOf<Line>(
  place: MovePlace,
  kind: "objects" | "values" | "rows",
  count: number,
  line: Parameters<typeof readLines<Line>>[2],
  isKept: (line: Line) => boolean = () => true,
): Promise<Line[]> {
  const all: Line[] = [];
  for (let number = 1; number <= count; number++)
    all.push(...(await readLines(place, `${numbered(kind, number)}.jsonl`, line)).filter(isKept));
  return all;
}

/** SHA-256 in hex of each file of a move folder and of what lies under keys, by its path with slashes. */
async function digestsBelow(folder: string): Promise<Map<string, string>> {
  const sums = new Map<string, string>();
  const folders = [""];
  for (let below = folders.pop(); below !== undefined; below = folders.pop())
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile() && path.includes("/") && !LEFT.test(path))
        sums.set(path, await digestOfFile(join(folder, path), "sha256"));
    }
  return sums;
}

/** Where a folder has digests of its files, what differs from them. Bytes of objects are compared with their lines. */
async function changedSince(folder: string, sums: ReadonlyMap<string, string>): Promise<StorageFault[]> {
  if (!existsSync(join(folder, SUMS))) return [];
  const text = await readFile(join(folder, SUMS), "utf8");
  const lines = text.split("\n").filter((line) => line !== "");
  const noted = lines.map((line) => [line.slice(66), line.slice(0, 64)] as const);
  return noted
    .filter(([path, sum]) => /^move\/(?!bytes\/)/.test(path) && sums.get(path) !== sum)
    .map(([path]) => ({
      kind: "backup-damaged" as const,
      subject: path,
      fault: sums.has(path) ? "has other bytes than were written" : "is not there",
    }));
}

async function writeSums(folder: string, sums: ReadonlyMap<string, string>): Promise<void> {
  const text = [...sums].map(([path, sum]) => `${sum}  ${path}\n`);
  const aside = join(folder, `${SUMS}.new`);
  await rm(aside, { force: true });
  await writeNewFile(aside, Buffer.from(text.join("")), { synced: true });
  await rename(aside, join(folder, SUMS));
  await syncFolder(folder);
}
