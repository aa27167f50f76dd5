import { parse, TomlError } from "smol-toml";
import { isTable, listAt, ownMember, type LockedTable, type Table } from "./fields.ts";
import { assertMarks, assertPackages } from "./limits.ts";
import { lineAt, lineFinder, refusal, shown, type LockText, type Place } from "./text.ts";

/** The parser is recursive, so the depth is limited. Real TOML locks nest five levels deep. */
const MAX_DEPTH = 32;

/** Matches a package's header; also multi-line strings, so that a header inside one is skipped. */
const HEADER = /"""[\s\S]*?"""|'''[\s\S]*?'''|^[ \t]*\[\[[ \t]*packages?[ \t]*\]\]/gm;

/** A lock file in TOML. */
export interface TomlLock {
  readonly root: Table;
  /** The file's first line, which errors about the whole file name. */
  readonly top: Place;
  readonly packages: readonly LockedTable[];
}

/**
 * Parses a lock file whose packages are the tables `[[key]]`. Throws `unprocessable` where the text is not TOML, where a package is
 * not a table, and where there are too many packages, which are counted before the text is parsed.
 */
export function parseToml({ name, text }: LockText, key: "package" | "packages"): TomlLock {
  const top: Place = { name, line: 1 };
  assertMarks(name, text);
  const headers = headersIn(name, text);
  const root = tablesOf(name, text);
  const tables = listAt(top, root, key);
  assertPackages(name, tables.length);
  // A lock that no tool wrote may have packages without such headers; all of them then get the first line.
  const told = headers.length === tables.length;
  let line = 1;
  const packages = tables.map((table, nth): LockedTable => {
    const start = told ? (headers[nth] ?? 0) : 0;
    const end = told ? (headers[nth + 1] ?? text.length) : 0;
    line += told ? newlines(text.slice(headers[nth - 1] ?? 0, start)) : 0;
    const place: Place = { name, line };
    if (!isTable(table)) throw refusal(place, `a package is ${shown(table)} and not a table; make the file again.`);
    return { table, place, lineOf: lineFinder(text, line, start, end) };
  });
  return { root, top, packages };
}

/** The positions of the packages' headers. */
function headersIn(name: string, text: string): number[] {
  const headers: number[] = [];
  for (const { 0: match, index } of text.matchAll(HEADER)) {
    if (!match.endsWith("]")) continue;
    headers.push(index);
    assertPackages(name, headers.length);
  }
  return headers;
}

const newlines = (text: string) => lineAt(text, text.length) - 1;

function tablesOf(name: string, text: string): Table {
  try {
    return parse(text, { maxDepth: MAX_DEPTH, integersAsBigInt: "asNeeded" });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The rest of the message quotes the lines around the error.
    const why = shown(error.message.split("\n")[0]?.replace("Invalid TOML document: ", ""));
    throw refusal(
      { name, line: error.line },
      `this is not TOML (${why}, column ${error.column}); make the file again.`,
    );
  }
}

/**
 * Asserts that the major version of the file's format is one of `majors`: a newer minor version only adds keys that can be ignored,
 * and a newer major version may change what keys mean. Throws `unprocessable`.
 */
export function assertVersion(top: Place, table: Table, key: string, majors: readonly number[]): void {
  const version = ownMember(table, key);
  const major = typeof version === "string" ? /^(\d{1,3})(?:\.\d+)*$/.exec(version)?.[1] : version;
  if (majors.includes(Number(major))) return;
  const known = `${key} ${majors.join(" or ")} is supported`;
  throw refusal(
    top,
    version === undefined
      ? `there is no ${key}, so this is not one of the tool's lock files; ${known}.`
      : `${key} is ${shown(version)}, but only ${known}; lock with a version of the tool that writes it.`,
  );
}
