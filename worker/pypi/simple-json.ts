import { isListedAs, type FileRef } from "./file-url.ts";
import type { Filename } from "./filename.ts";
import type { FileEntry, ProjectPage, ProjectStatus, Validators } from "./page.ts";
import type { ProjectName } from "./name.ts";
import type { KnownPublisher } from "./publisher.ts";

/** The version of the Simple API that a complete page declares. PEP 700 (1.1) requires a size for each file. */
const FULL_VERSION = "1.4";
const WITHOUT_SIZES = "1.0";

interface Meta {
  readonly "api-version": string;
  readonly "_last-serial"?: number | string;
  readonly _upstream?: Validators;
}

/** The Simple API version that a page with these contents may declare. */
export function apiVersion(page: ProjectPage): string {
  const full = page.versions !== undefined && page.files.every((file) => file.size !== undefined);
  return full ? FULL_VERSION : WITHOUT_SIZES;
}

/**
 * A page as PEP 691 JSON, with line breaks that allow reading parts of it: the first line is `meta` with the upstream's validators,
 * and each file is a line that begins with its filename. A JSON string cannot contain a raw line end, so lines are found without
 * parsing. Members whose value is undefined are left out; `null` is never written, since uv would refuse the page.
 *
 * @returns the first line (`head`), the second (`opening`), and the other lines in pieces (`lines`), which together are the page
 */
export const renderJson = (
  page: ProjectPage,
  validators: Validators,
): { head: string; opening: string; lines: Iterable<string> } => ({
  head: jsonHead(page, validators),
  opening: jsonOpening(page),
  lines: jsonLines(page),
});

/** The first line: members that may change while the page's contents stay the same. */
function jsonHead(page: ProjectPage, validators: Validators): string {
  const meta = {
    "api-version": apiVersion(page),
    "_last-serial": page.lastSerial,
    _upstream: validators.etag || validators.lastModified ? validators : undefined,
  };
  return `{"meta":${JSON.stringify(meta)},\n`;
}

/** The second line: what the page says of the project. With it begins what the digest of the page's content is computed from. */
function jsonOpening(page: ProjectPage): string {
  const members = [`"name":${JSON.stringify(page.name)}`];
  if (page.status) members.push(`"project-status":${JSON.stringify(page.status)}`);
  if (page.versions) members.push(`"versions":${JSON.stringify(page.versions)}`);
  if (page._publishers) members.push(`"_publishers":${JSON.stringify(page._publishers)}`);
  return `${members.join(",")},"files":[\n`;
}

function* jsonLines({ files }: ProjectPage): Generator<string> {
  let separator = "";
  for (const entry of files) {
    yield separator + lineOf(entry);
    separator = ",\n";
  }
  yield "\n]}\n";
}

/** The JSON of an entry, without the queries of the upstream's URLs, which may be secrets. */
export function lineOf(entry: FileEntry): string {
  const [first, second] = Object.keys(entry);
  const isInOrder = first === "filename" && second === "url";
  // To copy an entry takes as long as to write it, and pages have thousands.
  if (isInOrder && entry._query === undefined && entry._provenanceQuery === undefined) return JSON.stringify(entry);
  const { filename, url, _query, _provenanceQuery, ...rest } = entry;
  return JSON.stringify({ filename, url, ...rest });
}

/** Reads the text that `renderJson` wrote. These are our own bytes, so they are not validated again. */
export function readJson(text: string): ProjectPage {
  const stored = JSON.parse(text) as {
    meta: Meta;
    name: ProjectName;
    versions?: string[];
    files: FileEntry[];
    "project-status"?: ProjectStatus;
    _publishers?: KnownPublisher[];
  };
  return {
    name: stored.name,
    versions: stored.versions,
    files: stored.files,
    status: stored["project-status"],
    lastSerial: stored.meta["_last-serial"],
    _publishers: stored._publishers,
  };
}

/** The upstream's validators from the first line of `renderJson`'s text. */
export function readValidators(firstLine: string): Validators {
  const { meta } = JSON.parse(`${firstLine.trimEnd().replace(/,$/, "")}}`) as { meta: Meta };
  return meta._upstream ?? {};
}

/** The project's status from `renderJson`'s text; only the second line is parsed. */
export function readStatus(text: string): ProjectStatus | undefined {
  const at = text.indexOf("\n") + 1;
  const line = text.slice(at, text.indexOf("\n", at));
  if (!line.includes('"project-status"')) return undefined;
  return (JSON.parse(`{${line}]}`) as { "project-status"?: ProjectStatus })["project-status"];
}

/** The entry that lists `ref`; undefined where there is none. */
export const findFile = (text: string, ref: FileRef) =>
  findEntry(text, ref.filename, (entry) => isListedAs(entry, ref));

/** The lines of a page's files, each the JSON of an entry. */
export function linesOf(text: string): string[] {
  const lines = text.split("\n").filter((line) => line.startsWith('{"filename":'));
  return lines.map((line) => (line.endsWith(",") ? line.slice(0, -1) : line));
}

/** The first entry with that filename for which `wanted` is true. Only lines that begin with the filename are parsed. */
export function findEntry(
  text: string,
  filename: Filename,
  wanted: (entry: FileEntry) => boolean,
): FileEntry | undefined {
  const opening = `\n{"filename":${JSON.stringify(filename)},`;
  for (let at = text.indexOf(opening); at !== -1; at = text.indexOf(opening, at + 1)) {
    const line = text.slice(at + 1, text.indexOf("\n", at + 1));
    const entry = JSON.parse(line.endsWith(",") ? line.slice(0, -1) : line) as FileEntry;
    if (wanted(entry)) return entry;
  }
  return undefined;
}

/** A project in a root listing. The serial is PyPI's addition; a mirror (bandersnatch) skips projects without one. */
export interface RootEntry {
  readonly name: ProjectName;
  readonly "_last-serial"?: number | undefined;
}

/** A root listing as lines of PEP 691 JSON: the opening, one line for each project, the closing. */
export const rootJson = {
  opening: (serial: number | undefined) =>
    `{"meta":${JSON.stringify({ "api-version": FULL_VERSION, "_last-serial": serial })},"projects":[\n`,
  // A normalized name has nothing to escape, and a listing has hundreds of thousands.
  project: ({ name, "_last-serial": serial }: RootEntry) =>
    serial === undefined ? `{"name":"${name}"}` : `{"name":"${name}","_last-serial":${serial}}`,
  closing: "\n]}\n",
  /** The project in one of these lines; undefined for the opening and the closing. */
  entryIn(line: string): RootEntry | undefined {
    const [, name, serial] = /^\{"name":"([^"\\]+)"(?:,"_last-serial":(\d+))?\}/.exec(line) ?? [];
    if (name === undefined) return undefined;
    return { name: name as ProjectName, "_last-serial": serial === undefined ? undefined : Number(serial) };
  },
};
