import type { Author, Deed } from "../../auth/deed.ts";
import { badRequest, IndexError } from "../../errors.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Change, ReleasedProject, ReleaseStore } from "./ports.ts";
import type { Context } from "../../repository/context.ts";

/** An index, as far as it matters for what it hosts. */
export interface HostingIndex {
  readonly name: string;
  /** Whether it hosts packages of its own. */
  readonly hosted: boolean;
  /** Whether the name of a deleted file can be used again. */
  readonly volatile: boolean;
}

/** A project of an index. */
export interface Place {
  readonly index: string;
  readonly project: ProjectName;
}

/** What was done, for whoever asked for it. */
export interface Done extends Place {
  /** Normalised; undefined where it was about no one release. */
  readonly version?: string | undefined;
  /** The names of the files that were changed; empty where all was as it was to be. */
  readonly files: readonly string[];
  /** A sentence that says so. */
  readonly did: string;
}

/** What is to be done; without `write` nothing is to be written. */
export interface Decision {
  readonly done: Omit<Done, keyof Place>;
  readonly write?: { readonly change: Change; readonly deed: Omit<Deed, keyof Author | "project"> } | undefined;
}

/** How often something is decided anew since somebody else has just changed what it was decided on. */
const ATTEMPTS = 5;

/**
 * Decides on what is there, and writes it while it still is so.
 *
 * @param decide throws what speaks against it
 * @throws IndexError `project-not-found`, `storage-failed`
 */
export async function decided(
  store: ReleaseStore,
  { index, project }: Place,
  author: Author,
  ctx: Context,
  decide: (project: ReleasedProject) => Decision | Promise<Decision>,
): Promise<Done> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = await required(store, { index, project });
    const { done, write } = await decide(found);
    const answer = { index, project, ...done };
    if (!write) return answer;
    if (await store.write(found, write.change, { ...author, ...write.deed, project }, ctx.now)) return answer;
  }
  throw new IndexError(
    "storage-failed",
    `Others keep changing ${project} in ${index}, and nothing was done; try again in a moment.`,
  );
}

/** The project; throws `project-not-found` where the index does not host it. */
export async function required(store: ReleaseStore, { index, project }: Place): Promise<ReleasedProject> {
  const found = await store.read(index, project);
  if (found) return found;
  throw new IndexError("project-not-found", `${index} hosts no project ${project}.`);
}

/**
 * The index of this name.
 *
 * @throws IndexError `no-such-route` where there is none, `bad-request` where it hosts nothing
 */
export function hostingIndex(indexes: readonly HostingIndex[], name: string): HostingIndex {
  const index = indexes.find((each) => each.name === name);
  if (!index) throw new IndexError("no-such-route", `There is no index ${JSON.stringify(name.slice(0, 40))} here.`);
  if (index.hosted) return index;
  throw badRequest(`${name} hosts no packages of its own: only an index with hosted = true in wrangler.toml does.`);
}
