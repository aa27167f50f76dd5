import type { Context } from "../repository/context.ts";
import { inPool } from "../repository/pool.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { CurrentVerification, VerificationPlace } from "../repository/ports/verification.ts";
import type { RunParts } from "./examine.ts";
import type { SourceMirror } from "./ports.ts";
import { isSampled } from "./sample.ts";
import { verifyProject, type VerifiedProject } from "./verify-project.ts";

/** Names that are read at a time; of a sample most are passed. */
const NAMES = 500;

/** Projects that are verified together, and at the same time. */
const TOGETHER = 20;
const AT_ONCE = 3;

/**
 * Goes on with the verification of a source by some projects, and records how far it is: a run that breaks off repeats these at most.
 * Rejects where the database fails.
 *
 * @returns whether there is more to do now
 */
export async function verifyNext(
  { source, verification, bytes }: SourceMirror,
  parts: RunParts,
  ctx: Context,
): Promise<boolean> {
  const current = await verification.current();
  if (!current) return false;
  const names = await verification.names(current, NAMES);
  if (names.length === 0) {
    await verification.end(current, parts.now());
    return false;
  }
  const { chosen, passed } = nextOf(names, current);
  const followedTo = (await source.changes?.log.state())?.serial ?? undefined;
  const verifying = { ...parts, verification, bytes, current, followedTo };
  const results = await inPool(AT_ONCE, chosen, async (name) => {
    if (!(await parts.goesOn())) return undefined;
    parts.look();
    return verifyProject(name, fileOf(name, current), verifying, ctx);
  });
  const undone = results.findIndex((result) => !result?.isDone);
  const isWhole = undone === -1;
  const done = isWhole ? results : results.slice(0, undone);
  const place = isWhole ? { after: passed, afterFile: "" } : placeBefore(undone, results, chosen, current);
  // Of those behind it that are done already, the next run does all again.
  const counted = [...done, ...(isWhole ? [] : [results[undone]])].filter((result) => result !== undefined);
  await verification.progress(current, place, {
    passed: names.filter((name) => name > current.after && name <= place.after).length,
    verified: counted.filter(({ isVerified }) => isVerified).length,
    objects: sumOf(counted, "objects"),
    bytes: sumOf(counted, "bytes"),
  });
  return isWhole;
}

/** The projects that are verified next, and the last one that is passed with them. */
function nextOf(names: readonly ProjectName[], current: CurrentVerification) {
  const sampled = names.filter((name) => isSampled(name, current));
  const chosen = sampled.slice(0, TOGETHER);
  const passed = (sampled.length > TOGETHER ? chosen : names).at(-1) ?? "";
  return { chosen, passed };
}

/** The place at a project that is not done: what was done of it is not done again. */
function placeBefore(
  at: number,
  results: readonly (VerifiedProject | undefined)[],
  chosen: readonly ProjectName[],
  { after, afterFile }: VerificationPlace,
): VerificationPlace {
  const file = results[at]?.afterFile;
  return {
    after: chosen[at - 1] ?? after,
    afterFile: file === undefined ? (at === 0 ? afterFile : "") : `${chosen[at]} ${file}`,
  };
}

/** The last file of this project that is done. */
const fileOf = (name: ProjectName, { afterFile }: VerificationPlace) =>
  afterFile.startsWith(`${name} `) ? afterFile.slice(name.length + 1) : "";

const sumOf = (results: readonly VerifiedProject[], of: "objects" | "bytes") =>
  results.reduce((sum, each) => sum + each[of], 0);
