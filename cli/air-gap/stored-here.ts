import { hostedProjectsAnswer } from "../../schema/hosted-project.ts";
import { storedFilesAnswer } from "../../schema/stored-files.ts";
import { HOSTED_SEGMENT, upstreamUrl } from "../../worker/pypi/file-url.ts";
import { asProjectName, type ProjectName } from "../../worker/pypi/name.ts";
import type { FileEntry } from "../../worker/pypi/page.ts";
import { matcher } from "../../worker/pypi/pattern.ts";
import { readApiJson, sendTo } from "../lib/admin-api.ts";
import { CommandError } from "../lib/command-error.ts";
import { indexPath } from "../lib/index-path.ts";
import type { ServerAccess } from "../lib/server-address.ts";
import type { WantedFiles } from "./wanted.ts";

/**
 * All that an index has here: what was uploaded to it, and what is stored of its sources.
 *
 * @param patterns of names; none: every project
 * @param simple the index's Simple API
 * @throws CommandError where the token may not know that
 */
export async function storedHere(
  server: ServerAccess,
  index: string,
  patterns: readonly string[],
  simple: URL,
): Promise<WantedFiles> {
  const matches = patterns.map(matcher);
  const isWanted = (name: ProjectName) => matches.length === 0 || matches.some((match) => match(name));
  const answer = await sendTo(server, "GET", `${indexPath(index)}-/api/projects`);
  const { value } = await readApiJson(server, hostedProjectsAnswer, answer);
  const hosted = value.projects.flatMap(({ project }) => asProjectName(project) ?? []);
  const stored = await storedFiles(server, index);
  const projects = [...new Set([...hosted, ...stored.keys()])].filter(isWanted).toSorted();
  if (projects.length === 0)
    throw new CommandError(
      patterns.length === 0
        ? `${index} has nothing here: nothing was uploaded, and nothing is stored of its sources. Name a lock file with --lock, or store files with pypi-edge warm or pypi-edge mirror.`
        : `${index} has no project here that --project matches.`,
    );
  const root = new URL("../files/", simple).pathname;

  function isHere(name: ProjectName, entry: FileEntry): boolean {
    const { pathname } = upstreamUrl(entry);
    if (!pathname.startsWith(root)) return false;
    const path = pathname.slice(root.length).split("/").map(decodeURIComponent);
    return path[0] === HOSTED_SEGMENT || (stored.get(name)?.has(path.join("/")) ?? false);
  }
  return {
    projects,
    remarks: [],
    choose: ({ name, files }) => ({ entries: files.filter((entry) => isHere(name, entry)), leftOut: [] }),
  };
}

/** The paths of the stored files of an index's sources, by project. */
async function storedFiles(
  server: ServerAccess,
  index: string,
): Promise<ReadonlyMap<ProjectName, ReadonlySet<string>>> {
  const stored = new Map<ProjectName, ReadonlySet<string>>();
  for (let after: string | null = ""; after !== null;) {
    const query = after === "" ? "" : `?${new URLSearchParams({ after })}`;
    const answer = await sendTo(server, "GET", `${indexPath(index)}-/api/stored${query}`);
    const { value } = await readApiJson(server, storedFilesAnswer, answer);
    for (const { project, files } of value.projects) {
      const name = asProjectName(project);
      if (name) stored.set(name, new Set(files));
    }
    after = value.next;
  }
  return stored;
}
