import { asFilename, projectCandidates } from "../pypi/filename.ts";
import { asProjectName } from "../pypi/name.ts";

/** What a path is about, as far as it says so. */
export interface Subject {
  /** The index's name. */
  readonly index?: string;
  /** Normalized. Of a file the likeliest one: a filename does not always say where the name ends. */
  readonly project?: string;
}

/** The first segments below an index. */
const FAMILIES: ReadonlySet<string> = new Set([
  "simple",
  "files",
  "packages",
  "pypi",
  "integrity",
  "find-links",
  "project",
  "legacy",
]);

/**
 * Which index and project a request is about, for the log.
 *
 * @param path as it was sent, still escaped
 * @param names of the indexes; the first is at the root
 */
export function subjectOf(path: string, names: readonly string[]): Subject {
  const [, first = "", ...others] = path.split("/", MAX_SEGMENTS);
  const [main] = names;
  if (main === undefined) return {};
  if (first === "-") {
    const [api, indexes, index = "", projects, project = ""] = others;
    return api === "api" && indexes === "indexes" && projects === "projects" && names.includes(index)
      ? { index, ...projectOf(project) }
      : {};
  }
  if (first === "") return { index: main };
  if (FAMILIES.has(first)) return { index: main, ...subjectWithin(first, others, path) };
  if (!names.includes(first)) return {};
  const [family = "", ...rest] = others;
  return { index: first, ...subjectWithin(family, rest, path) };
}

/** More of a path says nothing of its subject. */
const MAX_SEGMENTS = 9;

function subjectWithin(family: string, [segment = ""]: readonly string[], path: string): Subject {
  if (family === "legacy" || !FAMILIES.has(family)) return {};
  if (family !== "files" && family !== "packages") return projectOf(segment);
  const filename = asFilename(decoded(path.slice(path.lastIndexOf("/") + 1)).replace(/\.metadata$/, ""));
  const [project] = filename === undefined ? [] : projectCandidates(filename);
  return project === undefined ? {} : { project };
}

function projectOf(segment: string): Subject {
  const project = asProjectName(segment);
  return project === undefined ? {} : { project };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
