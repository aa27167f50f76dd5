import type { Author } from "../../auth/audit-entry.ts";
import { IndexError } from "../../errors.ts";
import type { ProjectStatus } from "../../pypi/page.ts";
import type { Context } from "../../repository/context.ts";
import type { RequireAdmitted } from "../../repository/ports/admission.ts";
import { auditedFile, describeSelection, filesPhrase, selectFiles, type FileSelection } from "./select-files.ts";
import {
  decideAndWrite,
  hostingIndex,
  requireProject,
  type Decision,
  type ActionResult,
  type ReleaseIndex,
  type ProjectRef,
} from "./optimistic-write.ts";
import { decidePromotion } from "./promote.ts";
import { decideRestoring } from "./restore.ts";
import type { ReleasedProject, ReleaseStore } from "./ports.ts";

/**
 * What can be done with published releases. Every action can be repeated without further effect. All throw
 * `no-such-route`, `bad-request`, `project-not-found`, `file-not-found` and `storage-failed`. The caller has checked the
 * permission.
 */
export interface ReleaseActions {
  show(target: ProjectRef): Promise<ReleasedProject>;
  /** @param reason may be empty; undefined keeps the present reason; null unyanks (PEP 592) */
  yank(
    target: ProjectRef,
    selection: FileSelection,
    reason: string | null | undefined,
    by: Author,
    ctx: Context,
  ): Promise<ActionResult>;
  /**
   * Deletes files: they move into the trash. Their names cannot be used again, except in a volatile index.
   */
  remove(target: ProjectRef, selection: FileSelection, by: Author, ctx: Context): Promise<ActionResult>;
  /**
   * Takes deleted files out of the trash, as they were, all or none.
   *
   * @throws IndexError `unprocessable` where the index's policy refuses one of them
   */
  restore(target: ProjectRef, selection: FileSelection, by: Author, ctx: Context): Promise<ActionResult>;
  /** @param status undefined for active (PEP 792) */
  mark(target: ProjectRef, status: ProjectStatus | undefined, by: Author, ctx: Context): Promise<ActionResult>;
  /**
   * Adds a release's files to another index, all or none.
   *
   * @throws IndexError `file-exists` where another file has one of the names there, `unprocessable` where a project's
   *   status or the other index's policy forbids it
   */
  promote(target: ProjectRef, version: string, to: string, by: Author, ctx: Context): Promise<ActionResult>;
}

/**
 * The actions on what these indexes host.
 *
 * @param isStored whether the object with this key is there
 */
export function createReleaseActions(
  store: ReleaseStore,
  indexes: readonly ReleaseIndex[],
  isStored: (object: string) => Promise<boolean>,
  requireAdmitted: RequireAdmitted,
): ReleaseActions {
  /** Returns a decision by which an index lists files; throws where its policies refuse one of them. */
  async function admitted(decision: Decision, { index, project }: ProjectRef, ctx: Context): Promise<Decision> {
    const { change } = decision.write ?? {};
    const listed = change?.kind === "promote" || change?.kind === "restore" ? change.files : [];
    for (const { filename, sha256 } of listed) await requireAdmitted(index, { project, filename, sha256 }, ctx);
    return decision;
  }

  return {
    async show(target) {
      hostingIndex(indexes, target.index);
      return requireProject(store, target);
    },

    async yank(target, selection, reason, by, ctx) {
      hostingIndex(indexes, target.index);
      return decideAndWrite(store, target, by, ctx, (project) => decideYank(project, selection, reason));
    },

    async remove(target, selection, by, ctx) {
      const { volatile } = hostingIndex(indexes, target.index);
      return decideAndWrite(store, target, by, ctx, (project) => decideRemoval(project, selection, volatile));
    },

    async restore(target, selection, by, ctx) {
      hostingIndex(indexes, target.index);
      return decideAndWrite(store, target, by, ctx, async (project) =>
        admitted(await decideRestoring(project, selection, isStored), target, ctx),
      );
    },

    async mark(target, status, by, ctx) {
      hostingIndex(indexes, target.index);
      return decideAndWrite(store, target, by, ctx, (project) => decideStatus(project, status));
    },

    async promote(target, version, to, by, ctx) {
      hostingIndex(indexes, target.index);
      const other = hostingIndex(indexes, to);
      return decideAndWrite(store, target, by, ctx, async (project) => {
        const there = await store.read(to, target.project);
        return admitted(decidePromotion(project, version, other, there), { index: to, project: target.project }, ctx);
      });
    },
  };
}

function decideYank(project: ReleasedProject, selection: FileSelection, wanted: string | null | undefined): Decision {
  const reason = wanted === undefined ? "" : wanted;
  const all = selectFiles(project, selection);
  const { what, version } = describeSelection(project, selection, all);
  const there = all.filter(({ deletedAt }) => deletedAt === null);
  if (there.length === 0) throw new IndexError("file-not-found", `All files of ${what} were deleted.`);
  const files = there.filter(({ yanked }) => (wanted === undefined ? yanked === null : yanked !== reason));
  const names = files.map(({ filename }) => filename);
  if (files.length === 0) {
    const reasons = [...new Set(there.map(({ yanked }) => yanked))];
    const kept = reasons.length > 1 ? reason : (reasons[0] ?? null);
    return { done: { version, files: [], did: `${what} was ${stateOf(kept)} already.` } };
  }
  const state = stateOf(reason);
  return {
    done: { version, files: names, did: `${what} is ${state} now${filesPhrase(selection, names)}.` },
    write: {
      change: { kind: "yank", files, reason },
      entry: {
        action: reason === null ? "unyank" : "yank",
        index: project.index,
        subject: selection.filename ?? version,
        details: { version, files: names, ...(reason !== null && { reason }) },
      },
    },
  };
}

const stateOf = (yanked: string | null) =>
  yanked === null ? "not yanked" : yanked === "" ? "yanked" : `yanked (${yanked})`;

function decideRemoval(project: ReleasedProject, selection: FileSelection, volatile: boolean): Decision {
  const all = selectFiles(project, selection);
  const { what, version } = describeSelection(project, selection, all);
  const files = all.filter(({ deletedAt }) => deletedAt === null);
  const names = files.map(({ filename }) => filename);
  const fate = volatile
    ? "The names of deleted files can be used again here; until then, files can be restored for 30 days."
    : "The names of deleted files cannot be used again; the files can be restored for 30 days.";
  if (files.length === 0) return { done: { version, files: [], did: `${what} was deleted already. ${fate}` } };
  return {
    done: { version, files: names, did: `${what} is deleted${filesPhrase(selection, names)}. ${fate}` },
    write: {
      change: { kind: "delete", files },
      entry: {
        action: "delete",
        index: project.index,
        subject: selection.filename ?? version,
        details: { version, files: files.map(auditedFile) },
      },
    },
  };
}

function decideStatus(
  { index, project, status: before }: ReleasedProject,
  status: ProjectStatus | undefined,
): Decision {
  const said = (it: ProjectStatus | undefined) => (it?.status ?? "active") + (it?.reason ? ` (${it.reason})` : "");
  const what = `${project} in ${index}`;
  if (said(status) === said(before)) return { done: { files: [], did: `${what} was ${said(status)} already.` } };
  return {
    done: { files: [], did: `${what} is ${said(status)} now; it was ${said(before)}.` },
    write: {
      change: { kind: "status", status },
      entry: { action: "status", index, subject: "", details: { ...status, status: status?.status ?? "active" } },
    },
  };
}
