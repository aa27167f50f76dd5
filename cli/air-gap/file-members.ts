import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CarriedMember, MemberKind } from "../../schema/carried.ts";
import type { ProjectName } from "../../worker/pypi/name.ts";
import type { FileEntry } from "../../worker/pypi/page.ts";
import { versionOf } from "../../worker/pypi/version.ts";
import { inPool } from "../../worker/repository/pool.ts";
import { UnusableFile, type LeftOut } from "../migrate/source.ts";
import { RefusedByIndex, type IndexReader, type SentFile } from "./index-reader.ts";
import type { FindCarried } from "./page-member.ts";
import { WrongBytes, type VolumeWriter } from "./volume-writer.ts";

/** `.metadata` and provenances that are fetched at the same time, and how many of them are in memory. */
const AT_ONCE = 4;
const WINDOW = 16;

/** A file that is to be in the step. */
export interface PlannedFile {
  readonly project: ProjectName;
  readonly entry: FileEntry;
}

/** The means of carrying files. */
export interface Carrying {
  readonly reader: IndexReader;
  readonly writer: VolumeWriter;
  readonly find: FindCarried;
  /** The SHA-256 of a file; undefined: the index says none, and it was not read yet. */
  readonly digestOf: (file: PlannedFile) => string | undefined;
  /** Notes the digest of a file of which the index says none. */
  readonly addDigest: (file: PlannedFile, sha256: string) => void;
  /** Where files lie while their size or digest is not known. */
  readonly folder: string;
  readonly leaveOut: (left: LeftOut) => void;
  /** Called after each member that is looked at. `bytes` of it. */
  readonly show: (bytes: number, name: string) => void;
}

/** Adds the files that are not carried. */
export async function addFiles(files: readonly PlannedFile[], carrying: Carrying): Promise<void> {
  const { reader, writer, find, digestOf, addDigest, show } = carrying;
  for (const file of files) {
    const { project, entry } = file;
    const { filename, size } = entry;
    const sha256 = digestOf(file);
    if (sha256 === undefined || find({ kind: "file", key: sha256 }) === undefined)
      await unlessLeftOut(project, filename, carrying, () =>
        reader.file(entry, async (opened) => {
          const bytes = size ?? opened.size;
          if (sha256 !== undefined && bytes !== undefined)
            return writer.add({ kind: "file", key: sha256, size: bytes, sha256 }, opened.chunks);
          const own = await addUnknown(opened, sha256, carrying);
          if (sha256 === undefined) addDigest(file, own);
          return undefined;
        }),
      );
    show(size ?? 0, filename);
  }
}

/** Adds a file whose size or digest is not known before it is read. @returns its SHA-256 */
async function addUnknown({ chunks }: SentFile, wanted: string | undefined, carrying: Carrying): Promise<string> {
  const aside = join(carrying.folder, `${randomUUID()}.part`);
  const hash = createHash("sha256");
  let size = 0;
  try {
    const handle = await open(aside, "wx");
    try {
      for await (const chunk of chunks) {
        hash.update(chunk);
        size += chunk.byteLength;
        await handle.writeFile(chunk);
      }
    } finally {
      await handle.close();
    }
    const key = hash.digest("hex");
    if (wanted !== undefined && wanted !== key)
      throw new WrongBytes(`It has the sha256 ${key}, and the index says ${wanted}.`);
    if (!carrying.find({ kind: "file", key }))
      await carrying.writer.add({ kind: "file", key, size, sha256: key }, createReadStream(aside));
    return key;
  } finally {
    await rm(aside, { force: true });
  }
}

/** Adds the `.metadata` of files, or their provenance, as far as it is not carried. */
export async function addBeside(
  kind: "metadata" | "provenance",
  files: readonly (PlannedFile & { readonly key: string })[],
  carrying: Carrying,
): Promise<void> {
  const { reader, writer, find } = carrying;
  const missing = files.filter(
    ({ entry, key }) =>
      entry[kind === "metadata" ? "core-metadata" : "provenance"] !== undefined && !find({ kind, key }),
  );
  for (let at = 0; at < missing.length; at += WINDOW) {
    const window = missing.slice(at, at + WINDOW);
    const fetched = await inPool(AT_ONCE, window, ({ project, entry }) =>
      unlessLeftOut(project, `${entry.filename}'s ${kind}`, carrying, () => {
        if (kind === "metadata") return reader.metadata(entry);
        const version = versionOf(entry.filename, project);
        return version === undefined ? undefined : reader.provenance(project, version, entry.filename);
      }),
    );
    for (const [nth, bytes] of fetched.entries()) {
      const file = window[nth];
      if (!bytes || !file || find({ kind, key: file.key })) continue;
      const said = file.entry["core-metadata"];
      const sha256 = kind === "metadata" && typeof said === "object" ? said["sha256"] : undefined;
      await unlessLeftOut(file.project, `${file.entry.filename}'s ${kind}`, carrying, () =>
        addBytes(writer, { kind, key: file.key }, bytes, sha256),
      );
    }
  }
}

/** Adds a member that is in memory. */
export async function addBytes(
  writer: VolumeWriter,
  { kind, key }: Pick<CarriedMember, "key"> & { readonly kind: MemberKind },
  bytes: Uint8Array,
  sha256?: string,
): Promise<void> {
  await writer.add({ kind, key, size: bytes.byteLength, sha256 }, onlyOf(bytes));
}

async function* onlyOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.byteLength > 0) yield bytes;
}

/** Does work; what the index refuses, or cannot give, is left out. */
async function unlessLeftOut<Result>(
  project: ProjectName,
  filename: string,
  { leaveOut }: Pick<Carrying, "leaveOut">,
  work: () => Promise<Result> | undefined,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    const isRefused = error instanceof RefusedByIndex;
    if (!isRefused && !(error instanceof UnusableFile) && !(error instanceof WrongBytes)) throw error;
    leaveOut({ filename, from: project, outcome: isRefused ? "refused" : "failed", reason: error.message });
    return undefined;
  }
}
