import { Faulty, shown } from "../faulty.ts";
import type { Member } from "./directory.ts";

/** What RECORD says of a file. */
export interface Recorded {
  readonly algorithm: "SHA-256" | "SHA-384" | "SHA-512";
  /** Base64url without padding. */
  readonly hash: string;
}

/**
 * A field of a line of CSV as Python's `csv` reads it: in quotes, where two of them are one, and what follows the quotes is
 * added as it is; or without, where a quote is a character like any other.
 */
const FIELD = /(?:"((?:[^"]|"")*)"(?!")([^,]*)|((?!")[^,]*))(?:,|$)/y;

/** A path of 1,024 characters, each of them a quote, and what follows it. Characters. */
const MAX_LINE = 4 * 1024;

/** What the format takes: SHA-256 or better (PEP 427). */
const ALGORITHMS: Readonly<Record<string, Recorded["algorithm"]>> = {
  sha256: "SHA-256",
  sha384: "SHA-384",
  sha512: "SHA-512",
};

/**
 * Reads RECORD and holds it against the members: each file is in it, with a hash, and it has nothing else. RECORD itself
 * has no hash there, and its signatures need not be in it. Throws `Faulty`.
 *
 * @param path RECORD's own
 * @returns what is said of each file, by path
 */
export function readRecord(bytes: Uint8Array, path: string, members: ReadonlyMap<string, Member>) {
  const recorded = new Map<string, Recorded>();
  for (const line of linesOf(textOf(bytes))) {
    if (line === "") continue;
    const [name, hash, size] = rowOf(line);
    const member = members.get(name);
    if (!member || member.isDirectory) throw new Faulty(`does not have ${shown(name)}, which RECORD lists`);
    if (name === path) {
      if (hash !== "") throw new Faulty("has a hash of RECORD in RECORD itself");
      continue;
    }
    if (size !== "" && Number(size) !== member.uncompressedSize) {
      throw new Faulty(`has ${shown(name)} of ${member.uncompressedSize} bytes, where RECORD says ${size}`);
    }
    const said = hashOf(hash, name);
    const before = recorded.get(name);
    // Some tools write a line twice: installers read the same from both.
    if (before && (before.algorithm !== said.algorithm || before.hash !== said.hash))
      throw new Faulty(`has ${shown(name)} twice in RECORD, with two hashes`);
    recorded.set(name, said);
  }
  for (const { name, isDirectory } of members.values()) {
    const mayBeMissing = isDirectory || [path, `${path}.jws`, `${path}.p7s`].includes(name);
    if (!mayBeMissing && !recorded.has(name)) throw new Faulty(`has ${shown(name)}, which RECORD does not list`);
  }
  return recorded;
}

/** A line's three fields; throws `Faulty` where it has others. Only a quoted field could go on in the next line, and no path does. */
function rowOf(line: string): readonly [name: string, hash: string, size: string] {
  const [name = "", hash, size, ...more] = line.length <= MAX_LINE ? fieldsOf(line) : [];
  if (name !== "" && hash !== undefined && size !== undefined && more.length === 0 && /^\d*$/.test(size))
    return [name, hash, size];
  throw new Faulty(`has a line in RECORD that is none of its format: ${shown(line)}`);
}

/** The fields of a line of CSV; none where a quote has no end. */
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

/** One after the other: all of them at once, as a list, may take many times what the text does. */
function* linesOf(text: string): Generator<string, void> {
  for (let at = 0; at < text.length;) {
    const found = text.indexOf("\n", at);
    const end = found === -1 ? text.length : found;
    yield text.slice(at, text[end - 1] === "\r" && end > at ? end - 1 : end);
    at = end + 1;
  }
}

function hashOf(field: string, name: string): Recorded {
  const [, key = "", hash = ""] = /^(\w+)=([\w-]+)=*$/.exec(field) ?? [];
  const algorithm = ALGORITHMS[key.toLowerCase()];
  if (algorithm) return { algorithm, hash };
  throw new Faulty(`has no hash of ${shown(name)} in RECORD by sha256, sha384 or sha512`);
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Faulty("has a RECORD that is not UTF-8");
  }
}
