import type { Author } from "../../auth/audit-entry.ts";
import { IndexError } from "../../errors.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { canonicalVersion } from "../../pypi/pep440.ts";
import type { Context } from "../../repository/context.ts";
import type { PrunedRelease, Retention } from "../../repository/ports/maintenance.ts";
import { decideAndWrite, requireProject, type Decision, type ReleaseIndex } from "./optimistic-write.ts";
import type { ReleasedProject, ReleaseFile, ReleaseStore, ReleaseUse, ReleaseUses } from "./ports.ts";
import { prunableReleases, unusedSince, type KeepRules, type PrunableRelease } from "./prunable.ts";
import { auditedFile } from "./select-files.ts";

/** Projects whose names are read at once. */
const PROJECTS_AT_ONCE = 500;

/** A release that goes, with the files that it has. */
interface Planned extends PrunableRelease {
  readonly files: readonly ReleaseFile[];
}

/** What keeps releases by the rules of these indexes, or moves them into the trash. */
export function createRetention(
  store: ReleaseStore,
  uses: ReleaseUses,
  indexes: readonly ReleaseIndex[],
): Omit<Retention, "settle"> {
  const keeping = indexes.flatMap(({ name, keep }) => (keep ? [{ name, keep }] : []));

  async function planned(project: ReleasedProject, rules: KeepRules, now: number): Promise<Planned[]> {
    // Its files are not given, and may be what somebody looks into.
    if (project.status?.status === "quarantined") return [];
    return planOf(project, await uses.of(project.index, project.project), rules, now);
  }

  /** Moves one release into the trash if it is to go still. */
  async function pruneRelease(
    target: { readonly index: string; readonly project: ProjectName },
    wanted: PrunableRelease,
    rules: KeepRules,
    ctx: Context,
  ): Promise<PrunedRelease[]> {
    let gone: Planned | undefined;
    const decide = async (project: ReleasedProject): Promise<Decision> => {
      gone = (await planned(project, rules, ctx.now)).find(({ version }) => version === wanted.version);
      return gone ? prunes(project, gone, rules, ctx.now) : { done: { files: [], did: "" } };
    };
    try {
      await decideAndWrite(store, target, authorOf(target.index), ctx, decide);
    } catch (error) {
      if (!(error instanceof IndexError)) throw error;
      // Other requests keep changing the project, or it is gone: the next run looks again.
      ctx.report({ event: "job-failed", what: `pruning ${target.project} in ${target.index}`, reason: error.message });
      return [];
    }
    return gone ? [shown(target, gone)] : [];
  }

  return {
    indexes: keeping.map(({ name, keep }) => ({ name, unused: keep.unused })),

    async prune(name, { dryRun, limit }, ctx) {
      const rules = keeping.find((each) => each.name === name)?.keep;
      const pruned: PrunedRelease[] = [];
      let after = "";
      for (let goesOn = rules !== undefined; goesOn;) {
        const projects = await uses.projects(name, after, PROJECTS_AT_ONCE);
        for (const project of projects) {
          if (!rules || pruned.length >= limit) return pruned;
          const target = { index: name, project };
          const plan = await planned(await requireProject(store, target), rules, ctx.now);
          for (const release of plan.slice(0, limit - pruned.length)) {
            pruned.push(...(dryRun ? [shown(target, release)] : await pruneRelease(target, release, rules, ctx)));
          }
        }
        after = projects.at(-1) ?? "";
        goesOn = projects.length === PROJECTS_AT_ONCE;
      }
      return pruned;
    },
  };
}

/** Which releases of a project go. `1.0` and `1.0.0` are one release. */
function planOf(project: ReleasedProject, uses: readonly ReleaseUse[], rules: KeepRules, now: number): Planned[] {
  const present = project.files.filter(({ deletedAt }) => deletedAt === null);
  const releases = Map.groupBy(present, ({ version }) => canonicalVersion(version));
  const known = Map.groupBy(uses, ({ version }) => canonicalVersion(version));
  const all = [...releases].map(([version, files]) => {
    const used = known.get(version) ?? [];
    const uploadedAt = Math.max(...files.map((file) => file.uploadedAt));
    return {
      version,
      uploadedAt,
      usedAt: Math.max(uploadedAt, ...used.map(({ usedAt }) => usedAt ?? 0)),
      isOffered: files.some(({ yanked }) => yanked === null),
      isPromoted: used.some(({ isPromoted }) => isPromoted),
    };
  });
  return prunableReleases(all, rules, now).map((each) => ({ ...each, files: releases.get(each.version) ?? [] }));
}

/** `version`, as its files have it, and not the text by which releases are told apart. */
const versionOfFiles = ({ files, version }: Planned) => files[0]?.version ?? version;

function prunes({ index }: ReleasedProject, gone: Planned, rules: KeepRules, now: number): Decision {
  const version = versionOfFiles(gone);
  const { files, reason } = gone;
  return {
    done: { version, files: files.map(({ filename }) => filename), did: "" },
    write: {
      change: { kind: "prune", files, unusedSince: unusedSince(rules, now) },
      entry: { action: "prune", index, subject: version, details: { version, reason, files: files.map(auditedFile) } },
    },
  };
}

const shown = (target: { readonly index: string; readonly project: ProjectName }, gone: Planned): PrunedRelease => ({
  ...target,
  version: versionOfFiles(gone),
  reason: gone.reason,
  files: gone.files.length,
  bytes: gone.files.reduce((sum, { size }) => sum + size, 0),
});

/** Who prunes, for the audit log: the rules of the index. */
const authorOf = (index: string): Author => ({
  principal: { id: "keep", name: `keep of ${index}`, index, scopes: [] },
  origin: "",
});
