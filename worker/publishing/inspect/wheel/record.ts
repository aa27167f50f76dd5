import { InvalidDistribution, quotedName } from "../invalid-distribution.ts";
import type { WheelMember } from "./directory.ts";

/** What RECORD says of a file. */
export interface RecordEntry {
  readonly algorithm: (typeof ALGORITHMS)[number];
  /** Base64url without padding. */
  readonly hash: string;
}

/**
 * A field of a CSV line as Python's `csv` reads it: quoted, with doubled quotes for one, and further text after the
 * closing quote appended; or unquoted, where a quote is an ordinary character.
 */
const FIELD = /(?:"((?:[^"]|"")*)"(?!")([^,]*)|((?!")[^,]*))(?:,|$)/y;

/** A path of 1,024 quotes, and the other fields. Characters. */
const MAX_LINE = 4 * 1024;

/** SHA-256 or better (PEP 427). */
const ALGORITHMS = ["sha256", "sha384", "sha512"] as const;

/**
 * Reads RECORD and compares it with the wheel's members. RECORD must list every file with its hash, and no file that the
 * wheel lacks. The entry of RECORD itself has no hash, and RECORD need not list its signature files. Throws
 * `InvalidDistribution`.
 *
 * @param path the path of RECORD in the wheel
 * @returns the entry of each file, by path
 */
export function readRecord(bytes: Uint8Array, path: string, members: ReadonlyMap<string, WheelMember>) {
  const recorded = new Map<string, RecordEntry>();
  for (const line of linesOf(textOf(bytes))) {
    if (line === "") continue;
    const [name, hash, size] = rowOf(line);
    const member = members.get(name);
    if (!member || member.isDirectory)
      throw new InvalidDistribution(`does not have ${quotedName(name)}, which RECORD lists`);
    if (name === path) {
      if (hash !== "") throw new InvalidDistribution("has a hash of RECORD in RECORD itself");
      continue;
    }
    if (size !== "" && Number(size) !== member.uncompressedSize) {
      throw new InvalidDistribution(
        `has ${quotedName(name)} of ${member.uncompressedSize} bytes, where RECORD says ${size}`,
      );
    }
    const said = hashOf(hash, name);
    const before = recorded.get(name);
    // Some tools write a line twice, which installers accept.
    if (before && (before.algorithm !== said.algorithm || before.hash !== said.hash))
      throw new InvalidDistribution(`has ${quotedName(name)} twice in RECORD, with two hashes`);
    recorded.set(name, said);
  }
  for (const { name, isDirectory } of members.values()) {
    const mayBeMissing = isDirectory || [path, `${path}.jws`, `${path}.p7s`].includes(name);
    if (!mayBeMissing && !recorded.has(name))
      throw new InvalidDistribution(`has ${quotedName(name)}, which RECORD does not list`);
  }
  return recorded;
}

/**
 * A line's three fields; throws `InvalidDistribution` for any other number. Quoted fields may not contain line ends,
 * because no path does.
 */
function rowOf(line: string): readonly [name: string, hash: string, size: string] {
  const [name = "", hash, size, ...more] = line.length <= MAX_LINE ? fieldsOf(line) : [];
  if (name !== "" && hash !== undefined && size !== undefined && more.length === 0 && /^\d*$/.test(size))
    return [name, hash, size];
  throw new InvalidDistribution(`has an invalid line in RECORD: ${quotedName(line)}`);
}

/** The fields of a line of CSV; empty where a quote is not closed. */
function fieldsOf(line: string): string[] {
  const fields: string[] = [];
  FIELD.lastIndex = 0;
  for (let whole = ","; whole.endsWith(",");) {
    const match = FIELD.exec(line);
    if (!match) return [];
    const [, quoted, behind = "", plain = ""] = match;
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"') + behind);
    [whole] = match;
  }
  return fields;
}

/** Yields one line at a time: a list of all lines may take many times the memory of the text. */
function* linesOf(text: string): Generator<string, void> {
  for (let at = 0; at < text.length;) {
    const found = text.indexOf("\n", at);
    const end = found === -1 ? text.length : found;
    yield text.slice(at, text[end - 1] === "\r" && end > at ? end - 1 : end);
    at = end + 1;
  }
}

function hashOf(field: string, name: string): RecordEntry {
  const [, key = "", hash = ""] = /^(\w+)=([\w-]+)=*$/.exec(field) ?? [];
  const algorithm = ALGORITHMS.find((known) => known === key.toLowerCase());
  if (algorithm) return { algorithm, hash };
  throw new InvalidDistribution(`has no hash of ${quotedName(name)} in RECORD by sha256, sha384 or sha512`);
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InvalidDistribution("has a RECORD that is not UTF-8");
  }
}
