import { inPool } from "../../worker/repository/pool.ts";
import type { ProjectName } from "../../worker/pypi/name.ts";
import type { FileEntry, ProjectPage } from "../../worker/pypi/page.ts";
import { UnusableFile, type LeftOut } from "../migrate/source.ts";
import type { ChainSoFar } from "./chain.ts";
import { memberPath } from "../../schema/carried.ts";
import { RefusedByIndex, type IndexReader } from "./index-reader.ts";
import { fitsInTar } from "./tar.ts";
import type { Chosen, WantedFiles } from "./wanted.ts";

/** Pages that are read at the same time. */
const PAGES = 4;

/** A project of a step: what of its page may be carried. */
export interface PlannedProject extends Pick<ProjectPage, "name" | "status"> {
  /** The wanted files, and those that were carried before and are still on the page. */
  readonly files: readonly FileEntry[];
}

export interface StepPlan {
  /** By name. */
  readonly projects: readonly PlannedProject[];
  /** Projects that were carried before, and that the index does not give to any client now. */
  readonly gone: readonly ProjectName[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Reads the pages of all projects of a step, which are those that are wanted and those that the chain has carried: what their index
 * says now of yanks and refusals is carried, too.
 *
 * @param show called after each page
 */
export async function planStep(
  reader: IndexReader,
  wanted: WantedFiles,
  chain: ChainSoFar,
  show: (done: number, of: number, name: string) => void,
): Promise<StepPlan> {
  const isWanted = new Set(wanted.projects);
  const names = [...new Set([...wanted.projects, ...chain.projects])].toSorted();
  const leftOut: LeftOut[] = [];
  const gone: ProjectName[] = [];
  let done = 0;

  async function planned(name: ProjectName): Promise<PlannedProject | undefined> {
    if (!fitsInTar(memberPath({ kind: "page", key: name }))) {
      const reason = `A volume takes no project whose name has ${name.length} characters: 90 at most.`;
      leftOut.push({ filename: "", from: name, outcome: "refused", reason });
      return undefined;
    }
    let page: ProjectPage;
    try {
      page = await reader.page(name);
    } catch (error) {
      const isAbsent = error instanceof RefusedByIndex && error.isForAll;
      if (!isAbsent && !(error instanceof UnusableFile) && !(error instanceof RefusedByIndex)) throw error;
      // A failure, or a refusal of this client alone, is no absence.
      if (isAbsent) gone.push(name);
      if (isWanted.has(name) || !isAbsent)
        leftOut.push({ filename: "", from: name, outcome: isAbsent ? "refused" : "failed", reason: error.message });
      return undefined;
    } finally {
      show(++done, names.length, name);
    }
    // Which of its files were carried is known only where the page says their digests: it stays as it was carried.
    if (!isWanted.has(name) && page.files.some(({ hashes }) => hashes["sha256"] === undefined)) return undefined;
    const chosen: Chosen = isWanted.has(name) ? wanted.choose(page) : { entries: [], leftOut: [] };
    leftOut.push(...chosen.leftOut);
    const entries = new Set(chosen.entries);
    const files = page.files.filter((entry) => entries.has(entry) || isCarried(entry));
    return { name, status: page.status, files };
  }

  const isCarried = ({ hashes }: FileEntry) => {
    const key = hashes["sha256"];
    return key !== undefined && chain.find({ kind: "file", key }) !== undefined;
  };
  const projects = await inPool(PAGES, names, planned);
  const wasCarried = new Set(chain.projects);
  return {
    projects: projects.filter((each) => each !== undefined),
    gone: gone.filter((name) => wasCarried.has(name)).toSorted(),
    leftOut,
  };
}
