import { releasedProject } from "../../schema/release.ts";
import { asFilename, projectCandidates } from "../../worker/pypi/filename.ts";
import { readApiJson, sendRequest } from "../lib/admin-api.ts";
import { CommandError } from "../lib/command-error.ts";
import type { ServerAccess } from "../lib/server-address.ts";

/** A file that the index hosts, or has hosted. */
export interface TargetFile {
  readonly project: string;
  readonly version: string;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly isDeleted: boolean;
  readonly isYanked: boolean;
}

/** What an index hosts, each project asked for once. */
export interface TargetIndex {
  /**
   * The file of this name; undefined where there is none, or where the token may not read. Throws `CommandError`.
   *
   * @param anew whether its project is asked for again
   */
  find(filename: string, anew?: boolean): Promise<TargetFile | undefined>;
  /** Yanks it. Throws a `CommandError`, also where the token may not. */
  yank(file: TargetFile, filename: string, reason: string): Promise<void>;
}

/** Reads what an index of a server hosts. */
export function targetIndex(server: ServerAccess, index: string): TargetIndex {
  const projects = new Map<string, Promise<ReadonlyMap<string, TargetFile>>>();
  const path = (project: string) => `indexes/${encodeURIComponent(index)}/projects/${encodeURIComponent(project)}`;

  async function filesOf(project: string): Promise<ReadonlyMap<string, TargetFile>> {
    try {
      const { value } = await readApiJson(server, releasedProject, await sendRequest(server, "GET", path(project)));
      return new Map(
        value.versions.flatMap(({ version, files }) =>
          files.map(({ filename, sha256, deletedAt, yanked }) => [
            filename,
            { project, version, sha256, isDeleted: deletedAt !== undefined, isYanked: yanked !== undefined },
          ]),
        ),
      );
    } catch (error) {
      const isUnknown = error instanceof CommandError && (error.status === 404 || error.status === 403);
      if (isUnknown) return new Map();
      throw error;
    }
  }

  return {
    async find(filename, anew = false) {
      const name = asFilename(filename);
      for (const project of name ? projectCandidates(name) : []) {
        const known = anew ? undefined : projects.get(project);
        const files = known ?? filesOf(project);
        projects.set(project, files);
        const file = (await files).get(filename);
        if (file) return file;
      }
      return undefined;
    },
    async yank({ project, version }, filename, reason) {
      const address = `${path(project)}/${encodeURIComponent(version)}/yank?filename=${encodeURIComponent(filename)}`;
      await sendRequest(server, "POST", address, JSON.stringify({ reason }));
    },
  };
}
