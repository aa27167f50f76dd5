import { IndexError } from "../errors.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { Context } from "../repository/context.ts";
import type { Explain } from "../repository/explanation.ts";
import { heldVersions, type HeldVersion } from "../repository/held-fixes.ts";
import { inPool } from "../repository/pool.ts";
import type { LockedPackage } from "./formats/lock.ts";
import { verdictOn, type PinVerdict } from "./pin-verdict.ts";
import { MAX_PACKAGES, PAGES_AT_ONCE, tooManyPackages, type LockRequest } from "./resolve.ts";

/** A package of a lock, and what the index does with it. */
export interface ReportedPin extends PinVerdict {
  readonly project: ProjectName;
  readonly version: string;
  /** Why it is not known; a sentence. */
  readonly reason?: string | undefined;
}

/** What an index would do with a lock. */
export interface LockReport {
  /** In the lock's order. */
  readonly pins: readonly ReportedPin[];
  /** Names of packages that come from no index, or from another one. */
  readonly elsewhere: readonly string[];
  /** Held fixes of the packages' projects, by their names. */
  readonly heldFixes: readonly HeldVersion[];
}

/**
 * Judges each package of a lock by an index's policies. Pages are read, and no files.
 *
 * @throws IndexError `unprocessable` where the lock is too large for one request, `storage-failed`
 */
export async function reportLock(
  { lock, where, narrowed }: Omit<LockRequest, "repository">,
  explain: Explain,
  ctx: Context,
): Promise<LockReport> {
  const projects = [...Map.groupBy(lock.packages, ({ name }) => name)];
  if (projects.length > MAX_PACKAGES) throw tooManyPackages(projects.length);
  const heldFixes: HeldVersion[] = [];
  const judged = await inPool(PAGES_AT_ONCE, projects, async ([project, all]) => {
    const of = await verdictsOf(project);
    return all.map((locked): ReportedPin => ({ project, version: locked.version, ...of(locked) }));
  });
  return { pins: judged.flat(), elsewhere: lock.elsewhere, heldFixes: heldFixes.toSorted(byProject) };

  async function verdictsOf(
    project: ProjectName,
  ): Promise<(locked: LockedPackage) => PinVerdict & Pick<ReportedPin, "reason">> {
    const nothing = { files: 0, refused: 0, verified: 0, publishers: [], rules: [] };
    try {
      const files = await explain(project, undefined, ctx);
      if (!files) return () => ({ ...nothing, status: "unknown", reason: `No source of ${where.index} has it.` });
      heldFixes.push(...heldVersions(project, files));
      return (locked) => {
        const verdict = verdictOn(locked, files, narrowed);
        return verdict.files > 0 ? verdict : { ...verdict, reason: `${where.index} lists no such file.` };
      };
    } catch (error) {
      if (!(error instanceof IndexError) || error.kind === "storage-failed") throw error;
      if (error.kind !== "project-blocked") return () => ({ ...nothing, status: "unknown", reason: error.message });
      // What is refused whole, whatever files it has, is denied by name.
      const rules = [{ rule: error.policy?.rule ?? "deny", sentence: error.message }];
      return () => ({ ...nothing, status: "blocked", rules });
    }
  }
}

const byProject = (one: HeldVersion, other: HeldVersion) => (one.project < other.project ? -1 : 1);
