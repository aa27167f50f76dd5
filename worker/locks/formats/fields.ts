import { asFilename, type Filename } from "../../pypi/filename.ts";
import { asProjectName, type ProjectName } from "../../pypi/name.ts";
import { cleanHashes, DIGESTS, type Digest } from "../../pypi/page.ts";
import { isVersion, versionOf } from "../../pypi/version.ts";
import type { LockEntry, LockedFile } from "./lock.ts";
import { refusal, shown, type Place } from "./text.ts";

/** A TOML table or JSON object. Its keys are untrusted (such as `__proto__`): read it with `Object.entries` or `own`. */
export type Table = Readonly<Record<string, unknown>>;

export const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** A table's own member, never an inherited one such as `constructor`. */
export const ownMember = (table: Table, key: string): unknown => (Object.hasOwn(table, key) ? table[key] : undefined);

/** The text at `key`, undefined where there is none; throws `unprocessable` where it is something else. */
export function textAt(place: Place, table: Table, key: string): string | undefined {
  const value = ownMember(table, key);
  if (value === undefined || typeof value === "string") return value;
  throw refusal(place, `${key} is ${shown(value)} and not a text; make the file again with its tool.`);
}

/** The table at `key`, undefined where there is none; throws `unprocessable` where it is something else. */
export function tableAt(place: Place, table: Table, key: string): Table | undefined {
  const value = ownMember(table, key);
  if (value === undefined || isTable(value)) return value;
  throw refusal(place, `${key} is ${shown(value)} and not a table; make the file again with its tool.`);
}

/** The list at `key`, empty where there is none; throws `unprocessable` where it is something else. */
export function listAt(place: Place, table: Table, key: string): readonly unknown[] {
  const value = ownMember(table, key) ?? [];
  if (Array.isArray(value)) return value;
  throw refusal(place, `${key} is ${shown(value)} and not a list; make the file again with its tool.`);
}

/** A package's normalised name. Throws `unprocessable` where the value is not a name. */
export function projectNameOf(place: Place, raw: unknown): ProjectName {
  const name = typeof raw === "string" ? asProjectName(raw) : undefined;
  if (name !== undefined) return name;
  const what = raw === undefined ? "a package has no name" : `${shown(raw)} is not a project's name (PEP 508)`;
  throw refusal(place, `${what}; make the file again with its tool.`);
}

/** A package's version as written. Throws `unprocessable` where the value is not a version. */
export function versionAt(place: Place, name: ProjectName, raw: unknown): string {
  if (typeof raw === "string" && isVersion(raw)) return raw;
  const what = raw === undefined ? "has no version" : `has the version ${shown(raw)}, which is not a version (PEP 440)`;
  throw refusal(place, `${name} ${what}; make the file again with its tool.`);
}

/**
 * The digest in `algorithm:hex`; undefined for an algorithm that is not verified here. Throws `unprocessable` where the value is not
 * a digest.
 */
export function digestIn(place: Place, raw: unknown): Digest | undefined {
  const [, algorithm, hex] = /^([\w-]+)[:=](\S*)$/.exec(typeof raw === "string" ? raw : "") ?? [];
  if (algorithm !== undefined) return digestOf(place, algorithm.toLowerCase(), hex);
  throw refusal(place, `${shown(raw)} is not a hash: algorithm:hex is expected, such as sha256:4721….`);
}

function digestOf(place: Place, name: string, hex: unknown): Digest | undefined {
  const algorithm = DIGESTS.find((known) => known === name);
  if (!algorithm) return undefined;
  const clean = cleanHashes([[algorithm, hex]])?.[algorithm];
  if (clean !== undefined) return { algorithm, hex: clean };
  throw refusal(place, `${shown(hex)} is not a ${algorithm} in hex; lock it again.`);
}

/** A file's digests: a text `hash`, or `hashes`, a table of hex by algorithm (PEP 751). */
function digestsIn(place: Place, file: Table): Digest[] {
  const hash = ownMember(file, "hash");
  const hashes = Object.entries(tableAt(place, file, "hashes") ?? {});
  return [
    ...(hash === undefined ? [] : [digestIn(place, hash)]),
    ...hashes.map(([name, hex]) => digestOf(place, name, hex)),
  ].filter((digest) => digest !== undefined);
}

/** A package's `sdist` and `wheels`, in the file's order. */
export const distributionsIn = (place: Place, table: Table): unknown[] =>
  Object.keys(table).flatMap((key) => {
    if (key === "sdist") return [table[key]];
    return key === "wheels" ? listAt(place, table, key) : [];
  });

/** A package's table in a lock file, and its place. */
export interface LockedTable {
  readonly table: Table;
  readonly place: Place;
  /** The line of a piece of the package's text. Call it for the pieces in the text's order. */
  readonly lineOf: (piece: string) => number;
}

/**
 * A package with its files and the indexes that the lock names for it; only its name where all of its files are local. A package that
 * lists no files is not local: any file of its version will do.
 */
export function packageOf(
  { table, place, lineOf }: LockedTable,
  name: ProjectName,
  listed: readonly unknown[],
  indexes: readonly string[],
): LockEntry {
  const files = listed.flatMap((file) => fileIn(place, file, lineOf) ?? []);
  const [first] = files;
  if (listed.length > 0 && !first) return name;
  // PEP 751 allows leaving it out; it is then read from a file's name.
  const version = ownMember(table, "version") ?? (first && versionOf(first.filename, name));
  const locked = { name, version: versionAt(place, name, version), line: place.line, files, digests: [] };
  return { locked, indexes };
}

/**
 * A file from `{ url | file | filename | name | path, hash | hashes }`: each TOML format uses some of these keys. Undefined where the
 * file is local. Throws `unprocessable`.
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
    ...sizeIn(raw),
    line: at.line,
  };
}

/** A file's size in bytes, if there is one. It is shown, and nothing relies on it, so a wrong one is none. */
function sizeIn(file: Table): Pick<LockedFile, "size"> {
  const size = ownMember(file, "size");
  return typeof size === "number" && Number.isSafeInteger(size) && size >= 0 ? { size } : {};
}

/** The URL without credentials and fragment, since messages show it. */
function parseUrl(place: Place, raw: string): URL {
  const url = URL.parse(raw);
  // The text is not shown: it may still contain a password.
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
