import type { Author } from "../../auth/deed.ts";
import { IndexError } from "../../errors.ts";
import type { ProjectStatus } from "../../pypi/page.ts";
import { chosenOf, listed, type Chosen } from "./choose.ts";
import {
  decided,
  hostingIndex,
  required,
  type Decision,
  type Done,
  type HostingIndex,
  type Place,
} from "./deciding.ts";
import { promotion } from "./promote.ts";
import type { ReleasedProject, ReleaseFile, ReleaseStore } from "./ports.ts";
import type { Context } from "../../repository/context.ts";

/**
 * What can become of a release after it was published. Done again, each of them changes nothing. All of them throw
 * `no-such-route`, `bad-request`, `project-not-found` and `file-not-found` for what is not there, and `storage-failed`; whoever
 * calls them has been let in.
 */
export interface Life {
  show(place: Place): Promise<ReleasedProject>;
  /** `reason`: why, which may be empty; undefined: as it is, or empty; null: it is yanked no longer (PEP 592). */
  yank(place: Place, chosen: Chosen, reason: string | null | undefined, by: Author, ctx: Context): Promise<Done>;
  /** Deletes for good: the names stay used, but in a volatile index. */
  remove(place: Place, chosen: Chosen, by: Author, ctx: Context): Promise<Done>;
  /** `status`: undefined where it is active (PEP 792). */
  mark(place: Place, status: ProjectStatus | undefined, by: Author, ctx: Context): Promise<Done>;
  /**
   * Gives another index the files of a release as well, all or none.
   *
   * @throws IndexError `file-exists` where other bytes have one of their names there, `not-allowed` where a project's status
   *   speaks against it
   */
  promote(place: Place, version: string, to: string, by: Author, ctx: Context): Promise<Done>;
}

/** The life of the releases that these indexes host. */
export function lifeOf(store: ReleaseStore, indexes: readonly HostingIndex[]): Life {
  return {
    async show(place) {
      hostingIndex(indexes, place.index);
      return required(store, place);
    },

    async yank(place, chosen, reason, by, ctx) {
      hostingIndex(indexes, place.index);
      return decided(store, place, by, ctx, (project) => yanking(project, chosen, reason));
    },

    async remove(place, chosen, by, ctx) {
      const { volatile } = hostingIndex(indexes, place.index);
      return decided(store, place, by, ctx, (project) => removal(project, chosen, volatile));
    },

    async mark(place, status, by, ctx) {
      hostingIndex(indexes, place.index);
      return decided(store, place, by, ctx, (project) => marking(project, status));
    },

    async promote(place, version, to, by, ctx) {
      hostingIndex(indexes, place.index);
      hostingIndex(indexes, to);
      return decided(store, place, by, ctx, async (project) =>
        promotion(project, version, to, await store.read(to, place.project)),
      );
    },
  };
}

function yanking(project: ReleasedProject, chosen: Chosen, wanted: string | null | undefined): Decision {
  const reason = wanted === undefined ? "" : wanted;
  const all = chosenOf(project, chosen);
  const { what, version } = naming(project, chosen, all);
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
    done: { version, files: names, did: `${what} is ${state} now${named(chosen, names)}.` },
    write: {
      change: { kind: "yank", files, reason },
      deed: {
        action: reason === null ? "unyank" : "yank",
        index: project.index,
        subject: chosen.filename ?? version,
        details: { version, files: names, ...(reason !== null && { reason }) },
      },
    },
  };
}

const stateOf = (yanked: string | null) =>
  yanked === null ? "not yanked" : yanked === "" ? "yanked" : `yanked (${yanked})`;

function removal(project: ReleasedProject, chosen: Chosen, volatile: boolean): Decision {
  const all = chosenOf(project, chosen);
  const { what, version } = naming(project, chosen, all);
  // In a volatile index what was deleted before it was one goes as well, and its name is free.
  const files = volatile ? all : all.filter(({ deletedAt }) => deletedAt === null);
  const names = files.map(({ filename }) => filename);
  const fate = volatile
    ? "The names of deleted files can be used again here."
    : "The names of deleted files stay used: no other files can ever have them.";
  if (files.length === 0) return { done: { version, files: [], did: `${what} was deleted already. ${fate}` } };
  return {
    done: { version, files: names, did: `${what} is deleted${named(chosen, names)}. ${fate}` },
    write: {
      change: { kind: "delete", files, forGood: !volatile },
      deed: {
        action: "delete",
        index: project.index,
        subject: chosen.filename ?? version,
        details: { version, files: files.map(digested) },
      },
    },
  };
}

function marking({ index, project, status: before }: ReleasedProject, status: ProjectStatus | undefined): Decision {
  const said = (it: ProjectStatus | undefined) => (it?.status ?? "active") + (it?.reason ? ` (${it.reason})` : "");
  const what = `${project} in ${index}`;
  if (said(status) === said(before)) return { done: { files: [], did: `${what} was ${said(status)} already.` } };
  return {
    done: { files: [], did: `${what} is ${said(status)} now; it was ${said(before)}.` },
    write: {
      change: { kind: "status", status },
      deed: { action: "status", index, subject: "", details: { ...status, status: status?.status ?? "active" } },
    },
  };
}

/** A release or a file as sentences name it, and its version as it is written down. */
function naming({ index, project }: ReleasedProject, chosen: Chosen, files: readonly ReleaseFile[]) {
  const version = files[0]?.version ?? chosen.version;
  return { what: `${chosen.filename ?? `${project} ${version}`} in ${index}`, version };
}

/** The files behind a release in a sentence; a file was named by itself. */
const named = ({ filename }: Chosen, names: readonly string[]) => (filename === undefined ? `: ${listed(names)}` : "");

/** What is to be known of a deleted file for good. */
const digested = ({ filename, sha256 }: ReleaseFile) => ({ filename, sha256 });
