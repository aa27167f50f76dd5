import { DAY, MINUTE } from "../duration.ts";
import { IndexError, reasonOf } from "../errors.ts";
import { fileLabel, refOf, type FileRef } from "../pypi/file-url.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { FileEntry } from "../pypi/page.ts";
import { keepFile } from "../repository/keep-file.ts";
import { inPool } from "../repository/pool.ts";
import type { Context } from "../repository/context.ts";
import type {
  DueProject,
  ExaminedProject,
  MirrorEffort,
  MirrorFailure,
  MirrorState,
  MirrorWork,
} from "../repository/ports/mirror.ts";
import type { Project, Repository } from "../repository/repository.ts";
import { requirementsOf, type Closure } from "./closure.ts";
import { listedBytes, type SelectFiles } from "./select-files.ts";

/** Files of one project that are fetched at the same time. */
const FILES_AT_ONCE = 3;

/** How long after a failure a project is looked at again; twice as long after each further one, a day at most. Milliseconds. */
const FIRST_RETRY = 5 * MINUTE;

/** A project is looked at so often where no change log names its changes, or where the upstream does not have it. Milliseconds. */
const REVALIDATED = DAY;

/** What a run gives to the examination of its projects. */
export interface RunParts {
  readonly repository: Repository;
  readonly work: MirrorWork;
  readonly select: SelectFiles;
  readonly closure: Closure;
  /** Resolves when the next request of the upstream may be sent. */
  readonly pace: () => Promise<void>;
  /** Runs what asks the upstream, as soon as few others do. */
  readonly connected: <Result>(work: () => Promise<Result>) => Promise<Result>;
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Whether the change log names what has changed. */
  readonly isFollowed: boolean;
  /** Whether the run goes on: there is time left, the mirror is still its own, and the upstream has not asked for a pause. */
  readonly goesOn: () => Promise<boolean>;
  /** Takes an error of the upstream, after which the run may have to pause. */
  readonly failed: (error: unknown) => void;
  /** The upstream has answered as it should. */
  readonly answered: () => void;
  /** A project is looked at. */
  readonly look: () => void;
  /** A stored file of this many bytes was read. */
  readonly wasRead: (bytes: number) => void;
  /** Adds to what the run has done. */
  readonly add: (effort: Partial<MirrorEffort>) => void;
}

/** A file, or the `.metadata` of one, that is to be stored. */
export interface WantedPiece {
  readonly ref: FileRef;
  readonly entry: FileEntry;
  readonly label: string;
  /** As the page says; 0 where it does not, and for `.metadata`. */
  readonly size: number;
}

/**
 * Stores what is to be mirrored of one project and is not stored, and records how it is then. What fails is recorded, and the project
 * is looked at again later. Rejects only where the database fails.
 */
export async function examine(project: DueProject, parts: RunParts, ctx: Context): Promise<void> {
  const { work, now } = parts;
  const state = await work.state(project.name);
  if (state.demands.length === 0) return work.release(project.name, now());
  const left: Promise<unknown>[] = [];
  const own: Context = { ...ctx, now: now(), defer: (task) => void left.push(task) };
  try {
    const found = await upToDate(project, parts, own);
    await work.examined(project, found ? await fill(project, found, state, parts, own, left) : absent(parts), now());
  } catch (error) {
    await Promise.allSettled(left);
    if (!(error instanceof IndexError)) throw error;
    parts.failed(error);
    await work.examined(project, unread(project, reasonOf(error), now()), now());
  }
}

/** The project as its upstream has it now; null where it has none. Throws where it cannot be asked, or has an older one. */
async function upToDate(
  { name, wantedSerial }: DueProject,
  { repository, pace, connected, add }: RunParts,
  ctx: Context,
): Promise<Project | null> {
  if (wantedSerial !== undefined) {
    const known = await repository.project(name, ctx);
    if (known?.page.via === "upstream") add({ requests: 1 });
    if (known && Number(known.page.head.serial) >= wantedSerial) return known;
    await known?.page.cancel();
  }
  const found = await askUpstream(name, { repository, pace, connected, add }, ctx);
  if (!found) return null;
  const { head } = found.page;
  if (!(Number(head.serial) < (wantedSerial ?? 0))) return found;
  await found.page.cancel();
  throw isLate(`the upstream gave serial ${head.serial}, and its change log ${wantedSerial}`);
}

/**
 * The project as its upstream has it now; null where it has none. Throws where it cannot be asked.
 *
 * @param remake the page is fetched whole, whatever is stored of it
 */
export async function askUpstream(
  name: ProjectName,
  { repository, pace, connected, add }: Pick<RunParts, "repository" | "pace" | "connected" | "add">,
  ctx: Context,
  remake?: true,
): Promise<Project | null> {
  const found = await connected(async () => {
    await pace();
    add({ requests: 1 });
    return repository.project(name, ctx, { maxAgeMs: 0, strict: true, ...(remake && { remake }) });
  });
  if (found?.page.via !== "stale") return found;
  await found.page.cancel();
  throw isLate("the upstream has just failed and is not asked again yet");
}

const isLate = (reason: string) => new IndexError("upstream-failed", reason, { reason });

async function fill(
  project: DueProject,
  { page, files }: Project,
  state: MirrorState,
  parts: RunParts,
  ctx: Context,
  left: readonly Promise<unknown>[],
): Promise<ExaminedProject> {
  const { name } = project;
  const model = await page.model();
  const { wanted, leftOut, until } = parts.select(
    model,
    state.demands.map(({ specifiers }) => specifiers),
    parts.now(),
  );
  const pieces = wanted.flatMap(piecesOf);
  const absentPieces = pieces.filter(({ label }) => !state.stored.has(label));
  const failures: MirrorFailure[] = [];
  const storedNow = new Map<string, number>();
  let isDone = true;
  await inPool(FILES_AT_ONCE, absentPieces, async ({ ref, entry, label, size }) => {
    if (!isDone || !(await parts.goesOn())) {
      isDone = false;
      return;
    }
    const outcome = await parts.connected(async () => {
      await parts.pace();
      return keepFile(ref, parts.repository, { ...ctx, now: parts.now() }, { project: name, entry });
    });
    parts.add({ requests: 1 });
    if (outcome.kind === "stored") {
      storedNow.set(label, outcome.size ?? size);
      parts.add({ files: 1, bytes: outcome.size ?? size });
    } else {
      failures.push({ file: pieceName(ref), reason: outcome.reason, isNote: false });
      parts.failed(outcome.error);
    }
  });
  // The rows of what was stored, and the page, are written before it is recorded.
  await Promise.allSettled(left);
  const isStored = ({ label }: WantedPiece) => state.stored.has(label) || storedNow.has(label);
  const missing = pieces.filter((piece) => !isStored(piece));
  const wantedLabels = new Set(pieces.map(({ label }) => label));
  const asked = state.demands.filter(({ withDependencies }) => withDependencies);
  const required =
    isDone && asked.length > 0
      ? await requirementsOf(wanted, asked, files, state.requirements, parts.closure, ctx)
      : undefined;
  const attempts = failures.length > 0 ? project.attempts + 1 : 0;
  return {
    dueAt: isDone ? nextTime(attempts, until, parts) : parts.now(),
    isDone,
    amounts: {
      files: wanted.length,
      bytes: listedBytes(wanted),
      missing: missing.length,
      missingBytes: missing.reduce((sum, { size }) => sum + size, 0),
      leftOut: [...leftOut.values()].reduce((sum, count) => sum + count, 0),
    },
    attempts,
    keep: pieces
      .filter((piece) => isStored(piece) && !state.stored.get(piece.label)?.isKept)
      .map(({ ref, label, size }) => ({ ref, size: storedNow.get(label) ?? size })),
    leave: isDone
      ? [...state.stored].filter(([label, { isKept }]) => isKept && !wantedLabels.has(label)).map(([, { ref }]) => ref)
      : [],
    failures: [...failures, ...(required?.notes ?? [])],
    requirements: required?.requirements,
  };
}

/** The file, and its `.metadata` where the page advertises one. */
export function piecesOf(entry: FileEntry): WantedPiece[] {
  const file = refOf(entry, "file");
  const piece = { ref: file, entry, label: fileLabel(file), size: entry.size ?? 0 };
  if (!entry["core-metadata"]) return [piece];
  const metadata = refOf(entry, "metadata");
  return [piece, { ref: metadata, entry, label: fileLabel(metadata), size: 0 }];
}

export const pieceName = ({ filename, part }: FileRef) => (part === "file" ? filename : `${filename}.metadata`);

function nextTime(attempts: number, until: number | undefined, { isFollowed, now }: RunParts): number | null {
  const times = [
    ...(attempts > 0 ? [now() + retryTime(attempts)] : []),
    ...(until === undefined ? [] : [until]),
    ...(isFollowed ? [] : [now() + REVALIDATED]),
  ];
  return times.length > 0 ? Math.min(...times) : null;
}

const retryTime = (attempts: number) => Math.min(FIRST_RETRY * 2 ** (attempts - 1), DAY);

const AS_BEFORE = { isDone: false, amounts: undefined, keep: [], leave: [], requirements: undefined };

/** What is stored of it stays. */
const absent = ({ now, isFollowed }: RunParts): ExaminedProject => ({
  ...AS_BEFORE,
  dueAt: isFollowed ? null : now() + REVALIDATED,
  attempts: 0,
  failures: [{ file: "", reason: "the upstream has no such project", isNote: false }],
});

const unread = ({ attempts }: DueProject, reason: string, now: number): ExaminedProject => ({
  ...AS_BEFORE,
  dueAt: now + retryTime(attempts + 1),
  attempts: attempts + 1,
  failures: [{ file: "", reason, isNote: false }],
});
