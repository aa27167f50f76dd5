import { asFilename, type Filename } from "../../pypi/filename.ts";
import { asProjectName, type ProjectName } from "../../pypi/name.ts";
import { cleanHashes, DIGESTS, type Digest } from "../../pypi/page.ts";
import { isVersion, versionOf } from "../../pypi/version.ts";
import type { Locked, LockedFile } from "./lock.ts";
import { refusal, shown, type Place } from "./text.ts";

/** A table of TOML or an object of JSON. Its keys are whatever somebody wrote: read it by `Object.entries` or `own`. */
export type Table = Readonly<Record<string, unknown>>;

export const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** A table's own member, never what every object has. */
export const own = (table: Table, key: string): unknown => (Object.hasOwn(table, key) ? table[key] : undefined);

/** The text at `key`, undefined where there is none; throws `unprocessable` where it is something else. */
export function textAt(place: Place, table: Table, key: string): string | undefined {
  const value = own(table, key);
  if (value === undefined || typeof value === "string") return value;
  throw refusal(place, `${key} is ${shown(value)} and not a text; make the file again with its tool.`);
}

/** The table at `key`, undefined where there is none; throws `unprocessable` where it is something else. */
export function tableAt(place: Place, table: Table, key: string): Table | undefined {
  const value = own(table, key);
  if (value === undefined || isTable(value)) return value;
  throw refusal(place, `${key} is ${shown(value)} and not a table; make the file again with its tool.`);
}

/** The list at `key`, empty where there is none; throws `unprocessable` where it is something else. */
export function listAt(place: Place, table: Table, key: string): readonly unknown[] {
  const value = own(table, key) ?? [];
  if (Array.isArray(value)) return value;
  throw refusal(place, `${key} is ${shown(value)} and not a list; make the file again with its tool.`);
}

/** A package's name, normalised; throws `unprocessable` for what is none. */
export function projectNameOf(place: Place, raw: unknown): ProjectName {
  const name = typeof raw === "string" ? asProjectName(raw) : undefined;
  if (name !== undefined) return name;
  const what = raw === undefined ? "a package has no name" : `${shown(raw)} is not a project's name (PEP 508)`;
  throw refusal(place, `${what}; make the file again with its tool.`);
}

/** A package's version as it is written; throws `unprocessable` for what is none. */
export function versionAt(place: Place, name: ProjectName, raw: unknown): string {
  if (typeof raw === "string" && isVersion(raw)) return raw;
  const what = raw === undefined ? "has no version" : `has the version ${shown(raw)}, which is none (PEP 440)`;
  throw refusal(place, `${name} ${what}; make the file again with its tool.`);
}

/** The digest in `algorithm:hex`; undefined where the algorithm is none that is verified here; throws `unprocessable` for what is none. */
export function digestIn(place: Place, raw: unknown): Digest | undefined {
  const [, algorithm, hex] = /^([\w-]+)[:=](\S*)$/.exec(typeof raw === "string" ? raw : "") ?? [];
  if (algorithm !== undefined) return digestOf(place, algorithm.toLowerCase(), hex);
  throw refusal(place, `${shown(raw)} is not a hash: algorithm:hex is expected, as sha256:4721….`);
}

function digestOf(place: Place, name: string, hex: unknown): Digest | undefined {
  const algorithm = DIGESTS.find((known) => known === name);
  if (!algorithm) return undefined;
  const clean = cleanHashes([[algorithm, hex]])?.[algorithm];
  if (clean !== undefined) return { algorithm, hex: clean };
  throw refusal(place, `${shown(hex)} is not a ${algorithm} in hex; lock it again.`);
}

/** What a file must hash to: a text `hash`, or `hashes`, a table of hex by algorithm (PEP 751). */
function digestsIn(place: Place, file: Table): Digest[] {
  const hash = own(file, "hash");
  const hashes = Object.entries(tableAt(place, file, "hashes") ?? {});
  return [
    ...(hash === undefined ? [] : [digestIn(place, hash)]),
    ...hashes.map(([name, hex]) => digestOf(place, name, hex)),
  ].filter((digest) => digest !== undefined);
}

/** A package's `sdist` and `wheels`, in the order in which they are written. */
export const builds = (place: Place, table: Table): unknown[] =>
  Object.keys(table).flatMap((key) => {
    if (key === "sdist") return [table[key]];
    return key === "wheels" ? listAt(place, table, key) : [];
  });

/** A package's table in a lock file, and where it stands. */
export interface LockedTable {
  readonly table: Table;
  readonly place: Place;
  /** The line of a piece of the package's text; to be asked for in the text's order. */
  readonly lineOf: (piece: string) => number;
}

/**
 * A package with its files and the indexes that are named for it; its name alone where all of them lie on somebody's disk. One that
 * lists none is another thing: of that, any file will do.
 */
export function packageOf(
  { table, place, lineOf }: LockedTable,
  name: ProjectName,
  listed: readonly unknown[],
  indexes: readonly string[],
): Locked {
  const files = listed.flatMap((file) => fileIn(place, file, lineOf) ?? []);
  const [first] = files;
  if (listed.length > 0 && !first) return name;
  // PEP 751 lets it be left out; then the files say it.
  const version = own(table, "version") ?? (first && versionOf(first.filename, name));
  const locked = { name, version: versionAt(place, name, version), line: place.line, files, digests: [] };
  return { locked, indexes };
}

/**
 * A file as `{ url | file | filename | name | path, hash | hashes }`, which is how all formats of TOML have it, each with some
 * of the keys; undefined where it lies on somebody's disk. Throws `unprocessable`.
 */
function fileIn(place: Place, raw: unknown, lineOf: (piece: string) => number): LockedFile | undefined {
  if (!isTable(raw)) throw refusal(place, `${shown(raw)} is not a file's table; make the file again with its tool.`);
  const url = textAt(place, raw, "url");
  const named = textAt(place, raw, "file") ?? textAt(place, raw, "filename") ?? textAt(place, raw, "name");
  const piece = url ?? named;
  if (piece === undefined) {
    if (textAt(place, raw, "path") !== undefined) return undefined;
    throw refusal(place, "a file has neither a name nor a URL; make the file again with its tool.");
  }
  const at: Place = { name: place.name, line: lineOf(piece) };
  const parsed = url === undefined ? undefined : parseUrl(at, url);
  if (parsed && !/^https?:$/.test(parsed.protocol)) return undefined;
  return {
    filename: filenameOf(at, named ?? lastSegment(parsed)),
    url: parsed?.href,
    digests: digestsIn(at, raw),
    line: at.line,
  };
}

/** Without credentials and fragment: what is read here is shown in sentences. */
function parseUrl(place: Place, raw: string): URL {
  const url = URL.parse(raw);
  // Not shown: it may be a URL with a password in it all the same.
  if (!url) throw refusal(place, "a file's url is not a URL; make the file again with its tool.");
  url.username = url.password = url.hash = "";
  return url;
}

function lastSegment(url: URL | undefined): string {
  const segment = url?.pathname.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function filenameOf(place: Place, raw: string): Filename {
  const filename = asFilename(raw);
  if (filename !== undefined) return filename;
  throw refusal(place, `${JSON.stringify(shown(raw))} is not a file's name; make the file again with its tool.`);
}
