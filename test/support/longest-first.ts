import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes long comes first, so that no worker is left alone with it at the end. */
const ORDER = ["matrix", "simulation", "clients", "machine", "worker", "language"];

/** Runs the projects with the longest files first; within a project, vitest's own order. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // This is no array's, and changes none.
    // oxlint-disable-next-line unicorn/no-array-sort
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => ORDER.indexOf(one.project.name) - ORDER.indexOf(other.project.name));
  }
}
