import type { Author, NewAuditEntry } from "../../auth/audit-entry.ts";
import { badRequest, IndexError } from "../../errors.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { ReleaseChange, ReleasedProject, ReleaseStore } from "./ports.ts";
import type { Context } from "../../repository/context.ts";
import type { KeepRules } from "./prunable.ts";

/** What actions need to know about an index. */
export interface ReleaseIndex {
  readonly name: string;
  /** Whether it hosts packages of its own. */
  readonly hosted: boolean;
  /** Whether the name of a deleted file can be used again. */
  readonly volatile: boolean;
  /** Which releases it keeps; undefined: all. */
  readonly keep?: KeepRules | undefined;
}

/** A project of an index. */
export interface ProjectRef {
  readonly index: string;
  readonly project: ProjectName;
}

/** What an action has done. */
export interface ActionResult extends ProjectRef {
  /** Normalised; undefined where the action concerns no single release. */
  readonly version?: string | undefined;
  /** The files that were changed; empty where nothing had to be changed. */
  readonly files: readonly string[];
  /** A sentence for the user. */
  readonly did: string;
}

/** The result of an action, and what must be written for it; without `write`, nothing. */
export interface Decision {
  readonly done: Omit<ActionResult, keyof ProjectRef>;
  readonly write?:
    | { readonly change: ReleaseChange; readonly entry: Omit<NewAuditEntry, keyof Author | "project"> }
    | undefined;
}

/** How often the decision is repeated where another request has changed the project meanwhile. */
const MAX_ATTEMPTS_TO_WRITE = 5;

/**
 * Decides on an action by the project's present state, and writes the change only if the state is still the same;
 * otherwise it decides again.
 *
 * @param decide throws where the action is not possible
 * @throws IndexError `project-not-found`, `storage-failed`
 */
export async function decideAndWrite(
  store: ReleaseStore,
  { index, project }: ProjectRef,
  author: Author,
  ctx: Context,
  decide: (project: ReleasedProject) => Decision | Promise<Decision>,
): Promise<ActionResult> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS_TO_WRITE; attempt++) {
    const found = await requireProject(store, { index, project });
    const { done, write } = await decide(found);
    const answer = { index, project, ...done };
    if (!write) return answer;
    if (await store.write(found, write.change, { ...author, ...write.entry, project }, ctx.now)) return answer;
  }
  throw new IndexError(
    "storage-failed",
    `Other requests keep changing ${project} in ${index}, so nothing was done; try again in a moment.`,
  );
}

/** Reads a project; throws `project-not-found` where the index does not host it. */
export async function requireProject(store: ReleaseStore, { index, project }: ProjectRef): Promise<ReleasedProject> {
  const found = await store.read(index, project);
  if (found) return found;
  throw new IndexError("project-not-found", `${index} hosts no project ${project}.`);
}

/**
 * Finds an index by name.
 *
 * @throws IndexError `no-such-route` where there is none, `bad-request` where it hosts nothing
 */
export function hostingIndex(indexes: readonly ReleaseIndex[], name: string): ReleaseIndex {
  const index = indexes.find((each) => each.name === name);
  if (!index) throw new IndexError("no-such-route", `There is no index ${JSON.stringify(name.slice(0, 40))} here.`);
  if (index.hosted) return index;
  throw badRequest(`${name} hosts no packages of its own: only an index with hosted = true in the configuration does.`);
}
