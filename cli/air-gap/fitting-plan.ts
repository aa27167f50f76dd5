import { createHash } from "node:crypto";
import type { MemberKind } from "../../schema/carried.ts";
import type { FileEntry } from "../../worker/pypi/page.ts";
import type { ChainSoFar } from "./chain.ts";
import { pageMember } from "./page-member.ts";
import type { PlannedProject } from "./plan.ts";

/** Members that surely fit into a manifest. */
const MAX_MEMBERS = 64 * 1024;

/** The closing member, the advisories and the lists. */
const OTHERS = 3;

/** What of a plan has room in one step. */
export interface FittingPlan {
  readonly projects: readonly PlannedProject[];
  /** How many projects have files for which there was no room. */
  readonly waiting: number;
}

/**
 * Takes as many projects as a step has members for. Of a project that does not fit, what was carried before is looked at again, so that a
 * yank does not wait; one that would not fit into any step is begun with, and the next steps have its other files.
 *
 * @param most members of a step
 */
export function fittingPlan(
  projects: readonly PlannedProject[],
  chain: Pick<ChainSoFar, "find">,
  most = MAX_MEMBERS,
): FittingPlan {
  const isCarried = ({ hashes: { sha256: key } }: FileEntry) =>
    key !== undefined && chain.find({ kind: "file", key }) !== undefined;
  let room = most - OTHERS;
  let waiting = 0;

  /** How many members a file is, with its `.metadata` and provenance, as far as they are not carried. */
  function newOf(entry: FileEntry): number {
    const key = entry.hashes["sha256"];
    const isNew = (kind: MemberKind) => key === undefined || chain.find({ kind, key }) === undefined;
    return [
      isNew("file"),
      entry["core-metadata"] !== undefined && isNew("metadata"),
      entry.provenance !== undefined && isNew("provenance"),
    ].filter(Boolean).length;
  }

  /** How many members a project is, with its page. */
  function sizeOf(project: PlannedProject): number {
    const files = project.files.reduce((sum, entry) => sum + newOf(entry), 0);
    return files + (files > 0 || hasChanged(project) ? 1 : 0);
  }

  function hasChanged(project: PlannedProject): boolean {
    const page = JSON.stringify(pageMember(project, chain.find, ({ hashes }) => hashes["sha256"]));
    const before = chain.find({ kind: "page", key: project.name });
    return before?.sha256 !== createHash("sha256").update(page).digest("hex");
  }

  function take(project: PlannedProject, size = sizeOf(project)): PlannedProject {
    room -= size;
    return project;
  }

  const taken = projects.flatMap((project) => {
    const whole = sizeOf(project);
    if (whole <= room) return take(project, whole);
    waiting += 1;
    const before = { ...project, files: project.files.filter(isCarried) };
    if (whole <= most - OTHERS) return before.files.length > 0 ? take(before) : [];
    const files: FileEntry[] = [];
    let left = room - 1;
    for (const entry of project.files) {
      const size = newOf(entry);
      if (size > left) continue;
      files.push(entry);
      left -= size;
    }
    return files.length > 0 ? take({ ...project, files }) : [];
  });
  return { projects: taken, waiting };
}
