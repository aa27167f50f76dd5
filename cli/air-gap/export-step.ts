import { open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import {
  carriedManifest,
  endText,
  MANIFEST_FILE,
  MAX_CARRIED_JSON,
  MAX_MANIFEST,
  MAX_REMOVED,
  MEMBER_KINDS,
  SIGNATURE_FILE,
  type CarriedManifest,
  type MemberKind,
} from "../../schema/carried.ts";
import { folderErrorText } from "../../server/file-errors.ts";
import { makeFolder } from "../../server/make-folder.ts";
import { CommandError } from "../lib/command-error.ts";
import type { LeftOut } from "../migrate/source.ts";
import { EARLIER, earlierName, type ChainSoFar } from "./chain.ts";
import { addBeside, addBytes, addFiles, type Carrying, type PlannedFile } from "./file-members.ts";
import type { IndexReader } from "./index-reader.ts";
import { Journal, type BegunStep } from "./journal.ts";
import { fittingPlan } from "./fitting-plan.ts";
import { pageMember, type FindCarried } from "./page-member.ts";
import { planStep } from "./plan.ts";
import type { SigningKey } from "./signing-key.ts";
import { putNamesOnDisk, VolumeWriter } from "./volume-writer.ts";
import type { WantedFiles } from "./wanted.ts";

const JOURNAL_FILE = "export.journal";

/** What an export is made of. */
export interface Exporting {
  readonly reader: IndexReader;
  readonly index: string;
  readonly chain: ChainSoFar;
  readonly wanted: WantedFiles;
  /** The index of advisories, and the entries of the index's policy, each as its member has it; undefined: none. */
  readonly advisories: Uint8Array | undefined;
  readonly lists: Uint8Array | undefined;
  /** The digest of all that was asked for. */
  readonly asked: string;
  /** The largest volume. Bytes. */
  readonly limit: number;
  /** The most members of the step; left out: as many as surely fit. */
  readonly most?: number | undefined;
  readonly key: SigningKey;
  readonly folder: string;
  readonly now: () => number;
  readonly show: (done: number, of: number, unit: "bytes" | "files", text: string) => void;
}

/** What came of an export. */
export interface Exported {
  /** undefined: something could not be had, and another run goes on. */
  readonly manifest: CarriedManifest | undefined;
  readonly leftOut: readonly LeftOut[];
  /** How many projects wait for the next step, since this one is full. */
  readonly waiting: number;
}

/** Whether the folder has a whole step. Throws a `CommandError` where it has something that is of no export. */
export async function isWholeStep(folder: string): Promise<boolean> {
  const names: readonly string[] = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new CommandError(`${folder} cannot be written: ${folderErrorText(error)}.`);
  });
  if (names.length === 0 || names.includes(JOURNAL_FILE)) return false;
  if (names.includes(SIGNATURE_FILE) && names.includes(MANIFEST_FILE)) return true;
  throw new CommandError(`${folder} is not empty, and has no export. Name another folder.`);
}

/**
 * Writes a step into its folder: volumes first, then the manifest, and its signature last. Where an export of the same was begun
 * there, it goes on.
 *
 * @throws CommandError, also where the folder has another export that is not whole
 */
export async function exportStep(exporting: Exporting): Promise<Exported> {
  const { folder, limit } = exporting;
  makeFolder(folder);
  const journal = new Journal(join(folder, JOURNAL_FILE));
  const begun = await beginStep(journal, exporting);
  const writer = await VolumeWriter.open(folder, limit, begun.sequence, journal);
  try {
    const leftOut: LeftOut[] = [];
    const plan = await writeMembers(exporting, begun, writer, journal, leftOut);
    if (!plan) return { manifest: undefined, leftOut, waiting: 0 };
    await writer.end();
    const { asked: _asked, ...head } = begun;
    const { members, volumes } = journal;
    const manifest: CarriedManifest = {
      format: 1,
      ...head,
      volumes: [...volumes],
      members: [...members],
      removed: plan.removed,
    };
    await writeManifest(manifest, exporting);
    journal.delete();
    return { manifest, leftOut, waiting: plan.waiting };
  } finally {
    await writer.close();
  }
}

async function beginStep(journal: Journal, { asked, index, chain, reader, now }: Exporting): Promise<BegunStep> {
  const { begun } = journal;
  if (begun) {
    if (begun.asked === asked) return begun;
    throw new CommandError(
      "The folder has an export that is not whole, and of something else. Run that one again, or name another folder.",
      "usage",
    );
  }
  const serial = await reader.serial();
  const made = {
    index,
    chain: chain.chain,
    sequence: chain.sequence,
    before: chain.before,
    at: new Date(now()).toISOString(),
    serial,
    asked,
  };
  journal.begin(made);
  return made;
}

/** 32 hex digits for a new chain. */
export const chainId = () => randomBytes(16).toString("hex");

interface Written {
  /** Projects that are no longer to be there. */
  readonly removed: string[];
  /** How many projects have no room. */
  readonly waiting: number;
}

/** Writes what is missing. @returns undefined where something could not be had, though it is there */
async function writeMembers(
  exporting: Exporting,
  begun: BegunStep,
  writer: VolumeWriter,
  journal: Journal,
  leftOut: LeftOut[],
): Promise<Written | undefined> {
  const { reader, chain, wanted, folder, advisories, lists, show } = exporting;
  const find: FindCarried = (member) => writer.find(member) ?? chain.find(member);
  // Members are in the order of their kinds: what an earlier run has come to, this one does not go back behind.
  const last = journal.members.at(-1)?.kind;
  const isOpen = (kind: MemberKind) => last === undefined || MEMBER_KINDS.indexOf(kind) >= MEMBER_KINDS.indexOf(last);
  const plan = await planStep(reader, wanted, chain, (done, of, name) => show(done, of, "files", `pages, ${name}`));
  leftOut.push(...plan.leftOut);
  const hasFailed = () => leftOut.some(({ outcome }) => outcome === "failed");

  const { projects, waiting } = fittingPlan(plan.projects, chain, exporting.most);
  const files = projects.flatMap(({ name: project, files: own }) => own.map((entry) => ({ project, entry })));
  const total = files.reduce((sum, { entry }) => sum + (entry.size ?? 0), 0);
  let bytes = 0;
  const digestOf = ({ project, entry }: PlannedFile) =>
    entry.hashes["sha256"] ?? journal.digestOf(project, entry.filename);
  const carrying: Carrying = {
    reader,
    writer,
    find,
    digestOf,
    addDigest: ({ project, entry }, sha256) => journal.addDigest(project, entry.filename, sha256),
    folder,
    leaveOut: (left) => leftOut.push(left),
    show: (size, name) => show((bytes += size), Math.max(total, bytes), "bytes", name),
  };
  if (isOpen("file")) await addFiles(files, carrying);
  const keyed = files.flatMap((file) => {
    const key = digestOf(file);
    return key !== undefined && find({ kind: "file", key }) ? [{ ...file, key }] : [];
  });
  if (hasFailed()) return undefined;
  if (isOpen("metadata")) await addBeside("metadata", keyed, carrying);
  if (hasFailed()) return undefined;
  if (isOpen("provenance")) await addBeside("provenance", keyed, carrying);
  if (hasFailed()) return undefined;

  const addChanged = async (kind: MemberKind, key: string, content: Uint8Array) => {
    const sha256 = createHash("sha256").update(content).digest("hex");
    const isThere = writer.find({ kind, key }) !== undefined || chain.find({ kind, key })?.sha256 === sha256;
    if (!isThere && isOpen(kind)) await addBytes(writer, { kind, key }, content);
  };
  if (advisories) await addChanged("advisories", "advisories", advisories);
  if (lists) await addChanged("lists", "lists", lists);

  const removed = new Set<string>(plan.gone);
  const wasCarried = new Set<string>(chain.projects);
  for (const project of projects) {
    const page = pageMember(project, find, (entry) => digestOf({ project: project.name, entry }));
    const content = jsonBytes(page);
    if (content.byteLength > MAX_CARRIED_JSON)
      leftOut.push({ filename: "", from: project.name, outcome: "refused", reason: TOO_LARGE });
    else if (page.files.length > 0) await addChanged("page", project.name, content);
    else if (wasCarried.has(project.name)) removed.add(project.name);
  }
  for (const { kind, key } of journal.members) if (kind === "page") removed.delete(key);
  await addChanged("end", "end", new TextEncoder().encode(endText(begun)));
  const gone = [...removed].toSorted();
  return { removed: gone.slice(0, MAX_REMOVED), waiting: waiting + Math.max(0, gone.length - MAX_REMOVED) };
}

const TOO_LARGE = `Its page is larger than ${MAX_CARRIED_JSON / 1024 ** 2} MiB, which is the most that is carried.`;

const jsonBytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

async function writeManifest(manifest: CarriedManifest, { folder, key, chain }: Exporting): Promise<void> {
  // What the far side would refuse is not written.
  carriedManifest.parse(manifest);
  const text = JSON.stringify(manifest);
  const bytes = new TextEncoder().encode(text);
  if (bytes.byteLength > MAX_MANIFEST)
    throw new CommandError("The manifest is too large. Export fewer projects in one step.");
  const earlier = join(folder, EARLIER);
  if (chain.manifests.length > 0) makeFolder(earlier);
  for (const before of chain.manifests)
    await writeFile(join(earlier, earlierName(before.manifest.sequence)), before.text);
  await writeWhole(folder, MANIFEST_FILE, bytes);
  await writeWhole(folder, SIGNATURE_FILE, new TextEncoder().encode(`${key.sign(bytes)}\n`));
}

/** Writes a file that has its name once it is whole and on the disk. */
async function writeWhole(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const aside = join(folder, `${name}.part`);
  await rm(aside, { force: true });
  const handle = await open(aside, "wx");
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(aside, join(folder, name));
  await putNamesOnDisk(folder);
}
