import { SECOND } from "../duration.ts";
import { IndexError, isUpstreamFailure, messageOf, reasonOf } from "../errors.ts";
import { fileLabel, type FileRef } from "../pypi/file-url.ts";
import type { ProjectName } from "../pypi/name.ts";
import { verifiableDigest, type FileEntry, type ProjectPage } from "../pypi/page.ts";
import { keepFile } from "../repository/keep-file.ts";
import type { Context } from "../repository/context.ts";
import type { MirroredPiece, MirrorState } from "../repository/ports/mirror.ts";
import type {
  CurrentVerification,
  VerificationFinding,
  FindingKind,
  ObjectState,
  StoredBytes,
  VerificationWork,
} from "../repository/ports/verification.ts";
import type { Project } from "../repository/repository.ts";
import { askUpstream, pieceName, piecesOf, type RunParts } from "./examine.ts";

/** So often runs end at a project because its upstream asks for a pause, before it counts as not checked. */
const MOST_TRIES = 3;

/** After so long the row of an object that was just stored is written, and that of a deleted one deleted. Milliseconds. */
const ROW_WRITTEN = SECOND;

/** What a run gives to the verification of its projects. */
export interface VerifyParts extends RunParts {
  readonly verification: VerificationWork;
  readonly bytes: StoredBytes;
  readonly current: CurrentVerification;
  /** How far the change log was followed when the batch began: a page that is newer is no fault. undefined: it is not followed. */
  readonly followedTo: number | undefined;
}

/** How far the verification of a project came, and what it read. */
export interface VerifiedProject {
  /** Otherwise the run must end, and the next one goes on after `afterFile`. */
  readonly isDone: boolean;
  readonly afterFile: string;
  /** Whether the upstream could be asked. */
  readonly isVerified: boolean;
  readonly objects: number;
  readonly bytes: number;
}

/** A file, or the `.metadata` of one, that is verified. */
interface Target {
  readonly ref: FileRef;
  /** undefined: the project's page does not list it. */
  readonly entry: FileEntry | undefined;
  readonly isWanted: boolean;
  readonly hasRow: boolean;
}

/**
 * Compares a project's page with the upstream's, then what is stored of it with the page: what is mirrored on purpose must be there,
 * and what is there must be right. A repair deletes what is damaged and fetches it, and what is missing, by `keepFile`. Rejects only
 * where the database fails.
 *
 * @param afterFile where an earlier run ended in this project; empty: at its beginning
 */
export async function verifyProject(
  name: ProjectName,
  afterFile: string,
  parts: VerifyParts,
  ctx: Context,
): Promise<VerifiedProject> {
  const { work, verification, now } = parts;
  const left: Promise<unknown>[] = [];
  const own: Context = { ...ctx, now: now(), defer: (task) => void left.push(task) };
  const known = new Map((await verification.unrepaired(name)).map((finding) => [finding.file, finding]));
  const note = (findings: readonly VerificationFinding[]) => verification.found(name, findings, now());

  const looked = await pageOf(name, parts, own);
  if (looked.kind === "paused") return { ...NOTHING, afterFile };
  if (looked.kind === "failed") {
    await note([finding("not-checked", "", looked.reason)]);
    return { ...NOTHING, isDone: true, afterFile: "" };
  }
  // To look at a page may delete files of it, and writes its row.
  await Promise.allSettled(left.splice(0));
  const state = await work.state(name);
  const { model } = looked;
  const about = aboutPage(looked, parts);
  const before = known.get("");
  if (about) await note([about]);
  else if (before) await note([{ ...before, isRepaired: true }]);

  const kept: MirroredPiece[] = [];
  const suspects = new Map<string, VerificationFinding>();
  let [at, objects, bytes, isDone] = [afterFile, 0, 0, true];
  const isNews = looked.kind === "page" && isNewer(looked.project, parts);
  for (const [label, target] of targetsOf(model, state, isNews, parts)) {
    if (label <= afterFile) continue;
    if (!(await parts.goesOn())) {
      isDone = false;
      break;
    }
    const { found, size, isKept, isPaused } = await verifyFile(name, target, known, parts, own, note);
    if (found && isOfRow(found, target, parts)) suspects.set(label, found);
    else if (found) await note([found]);
    bytes += size;
    if (size > 0) objects += 1;
    if (isPaused) {
      isDone = false;
      break;
    }
    if (isKept && target.isWanted) kept.push({ ref: target.ref, size });
    at = label;
  }
  // The rows of what was stored are written before the sweep is told to leave them.
  await Promise.allSettled(left);
  await note(await stillFound(name, suspects, parts));
  await verification.keep(name, kept, now());
  return { isDone, afterFile: isDone ? "" : at, isVerified: isDone, objects, bytes };
}

/** Whether it may be that the row alone is older, or newer, than what was found: an object and its row are not written at once. */
const isOfRow = ({ kind }: VerificationFinding, { hasRow, isWanted }: Target, { current }: VerifyParts) =>
  kind === "file-without-row" || (kind === "file-missing" && hasRow && !isWanted && !current.isRepairing);

/** Those of the findings that are so once the rows are written that were on their way. */
async function stillFound(
  name: ProjectName,
  suspects: ReadonlyMap<string, VerificationFinding>,
  { work, sleep }: VerifyParts,
): Promise<VerificationFinding[]> {
  if (suspects.size === 0) return [];
  await sleep(ROW_WRITTEN);
  const { stored } = await work.state(name);
  return [...suspects].flatMap(([label, found]) =>
    stored.has(label) === (found.kind === "file-missing") ? [found] : [],
  );
}

const NOTHING = { isDone: false, isVerified: false, objects: 0, bytes: 0 };

const finding = (kind: FindingKind, file: string, fault: string, isRepaired = false): VerificationFinding => ({
  kind,
  file,
  fault,
  isRepaired,
});

/** The page as its upstream has it now. */
type LookedAt =
  | { readonly kind: "page"; readonly model: ProjectPage; readonly project: Project }
  | { readonly kind: "vanished"; readonly model: undefined }
  | { readonly kind: "failed"; readonly reason: string }
  /** The upstream asks for a pause: the project is looked at again after it. */
  | { readonly kind: "paused" };

async function pageOf(name: ProjectName, parts: VerifyParts, ctx: Context): Promise<LookedAt> {
  try {
    const project = await askUpstream(name, parts, ctx, true);
    const model = await project?.page.model();
    parts.answered();
    return project && model ? { kind: "page", model, project } : { kind: "vanished", model: undefined };
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
    parts.failed(error);
    if (isUpstreamFailure(error) && parts.current.tries < MOST_TRIES && !(await parts.goesOn()))
      return { kind: "paused" };
    return { kind: "failed", reason: isUpstreamFailure(error) ? reasonOf(error) : messageOf(error) };
  }
}

/** What there is to say of the page. A page that was just made is another one than was stored, and has taken its place. */
function aboutPage(looked: Extract<LookedAt, { model: unknown }>, parts: VerifyParts): VerificationFinding | undefined {
  if (looked.kind === "vanished") return finding("project-vanished", "", "is no longer there upstream");
  const { model, project } = looked;
  if (model.files.length > 0 && model.files.every(({ _kept }) => _kept === "removed"))
    return finding("project-vanished", "", "is no longer there upstream, or lists no file; its stored files are kept");
  if (project.page.via !== "upstream" || isNewer(project, parts)) return undefined;
  return finding("page-outdated", "", "was not stored as the upstream has its page", true);
}

/** Whether the page is newer than the change log has come to: what is new on it, the mirror will be told of. */
const isNewer = ({ page }: Project, { followedTo }: VerifyParts) =>
  followedTo !== undefined && Number(page.head.serial) > followedTo;

/** What is verified of a project, in the order of the addresses. `isNews`: what is not stored yet is no fault. */
function targetsOf(
  model: ProjectPage | undefined,
  { demands, stored }: MirrorState,
  isNews: boolean,
  { select, current, now }: VerifyParts,
): (readonly [label: string, target: Target])[] {
  const targets = new Map<string, Target>();
  const listed = new Map((model?.files ?? []).flatMap(piecesOf).map((piece) => [piece.label, piece]));
  const specifiers = demands.map((each) => each.specifiers);
  const wanted = model && demands.length > 0 ? select(model, specifiers, now()).wanted : [];
  for (const { label, ref, entry } of wanted.flatMap(piecesOf))
    if (!isNews || stored.has(label)) targets.set(label, { ref, entry, isWanted: true, hasRow: stored.has(label) });
  for (const [label, { ref, isKept }] of stored) {
    if (targets.has(label) || !(isKept || current.isForCached)) continue;
    targets.set(label, { ref, entry: listed.get(label)?.entry ?? ofFile(ref, listed), isWanted: false, hasRow: true });
  }
  return [...targets].toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/** The entry of the file that a `.metadata` belongs to, where the page does not advertise it. */
const ofFile = (ref: FileRef, listed: ReadonlyMap<string, { readonly entry: FileEntry }>) =>
  ref.part === "metadata" ? listed.get(fileLabel({ ...ref, part: "file" }))?.entry : undefined;

/** What was found of a file, the bytes that were read of it, and whether its row is to be kept. */
interface VerifiedFile {
  readonly found: VerificationFinding | undefined;
  readonly size: number;
  readonly isKept: boolean;
  /** The upstream asks for a pause: the file is verified again after it. */
  readonly isPaused: boolean;
}

async function verifyFile(
  name: ProjectName,
  target: Target,
  known: ReadonlyMap<string, VerificationFinding>,
  parts: VerifyParts,
  ctx: Context,
  note: (findings: readonly VerificationFinding[]) => Promise<void>,
): Promise<VerifiedFile> {
  const file = pieceName(target.ref);
  const before = known.get(file);
  const ended = (found: VerificationFinding | undefined, size: number, isKept = false): VerifiedFile => ({
    found,
    size,
    isKept,
    isPaused: false,
  });
  try {
    const state = await check(target, parts);
    const size = state.kind === "absent" ? 0 : state.size;
    const fault = faultOf(target, state);
    if (!fault) return ended(before && { ...before, isRepaired: true }, size);
    // An earlier run may have deleted what it found.
    const { kind, fault: text } = before?.kind === "file-damaged" ? before : fault;
    const { current } = parts;
    if (!current.isRepairing) return ended(finding(kind, file, text), size);
    if (kind === "file-without-row") return ended(finding(kind, file, text, true), size, true);
    // First of all: what breaks off here is gone on with.
    await note([finding(kind, file, text)]);
    const repaired = await repair(name, target, state, parts, ctx);
    if (repaired.problem === undefined) return ended(finding(kind, file, text, true), repaired.size, true);
    if (current.tries < MOST_TRIES && !(await parts.goesOn()))
      return { found: undefined, size, isKept: false, isPaused: true };
    return ended(finding(kind, file, `${text}, and could not be fetched again: ${repaired.problem}`), size);
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
    return ended(finding("not-checked", file, messageOf(error)), 0);
  }
}

async function check({ ref, entry }: Target, { bytes, wasRead }: VerifyParts): Promise<ObjectState> {
  const metadata = entry?.["core-metadata"];
  const hashes = ref.part === "file" ? entry?.hashes : metadata === true ? undefined : metadata;
  const state = await bytes.check(
    ref,
    hashes && verifiableDigest(hashes),
    ref.part === "file" ? entry?.size : undefined,
  );
  wasRead(state.kind === "absent" ? 0 : state.size);
  return state;
}

function faultOf({ hasRow }: Target, state: ObjectState): Pick<VerificationFinding, "kind" | "fault"> | undefined {
  if (state.kind === "damaged") return { kind: "file-damaged", fault: state.fault };
  if (state.kind === "absent")
    return { kind: "file-missing", fault: hasRow ? "has a row, but no object" : "is not stored" };
  return hasRow ? undefined : { kind: "file-without-row", fault: "is stored, but has no row" };
}

/** Deletes what is wrong and has the file stored again: its bytes then, and why that could not be done, undefined where it could. */
async function repair(
  name: ProjectName,
  target: Target,
  state: ObjectState,
  parts: VerifyParts,
  ctx: Context,
): Promise<{ readonly problem: string | undefined; readonly size: number }> {
  const { ref, entry } = target;
  await parts.bytes.discard(ref, state, parts.now());
  if (!entry) return { problem: "its page does not list it", size: 0 };
  await parts.pace();
  const outcome = await keepFile(ref, parts.repository, { ...ctx, now: parts.now() }, { project: name, entry });
  parts.add({ requests: 1 });
  if (outcome.kind !== "stored") {
    parts.failed(outcome.error);
    return { problem: outcome.reason, size: 0 };
  }
  parts.add({ files: 1, bytes: outcome.size ?? 0 });
  const again = await check(target, parts);
  const size = again.kind === "absent" ? 0 : again.size;
  return { problem: faultOf({ ...target, hasRow: true }, again)?.fault, size };
}
