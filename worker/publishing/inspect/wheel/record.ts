import { Faulty, shown } from "../faulty.ts";
import type { Member } from "./directory.ts";

/** What RECORD says of a file. */
export interface Recorded {
  readonly algorithm: "SHA-256" | "SHA-384" | "SHA-512";
  /** Base64url without padding. */
  readonly hash: string;
}

/** A path with quotes where it needs some, `{algorithm}={hash}`, and a size, as Python's `csv` writes them (PEP 376). */
const LINE = /^(?:"((?:[^"]|"")*)"|([^",]*)),([^,"]*),(\d*)$/;

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
  let isListed = false;
  for (const line of linesOf(textOf(bytes))) {
    if (line === "") continue;
    const [, quoted, plain = "", hash = "", size = ""] = (line.length <= MAX_LINE && LINE.exec(line)) || [];
    const name = quoted?.replaceAll('""', '"') ?? plain;
    if (name === "") throw new Faulty(`has a line in RECORD that is none of its format: ${shown(line)}`);
    const member = members.get(name);
    if (!member || member.isDirectory) throw new Faulty(`does not have ${shown(name)}, which RECORD lists`);
    if (recorded.has(name) || (name === path && isListed)) throw new Faulty(`has ${shown(name)} twice in RECORD`);
    if (name === path) {
      if (hash !== "") throw new Faulty("has a hash of RECORD in RECORD itself");
      isListed = true;
      continue;
    }
    if (size !== "" && Number(size) !== member.uncompressedSize) {
      throw new Faulty(`has ${shown(name)} of ${member.uncompressedSize} bytes, where RECORD says ${size}`);
    }
    recorded.set(name, hashOf(hash, name));
  }
  for (const { name, isDirectory } of members.values()) {
    const mayBeMissing = isDirectory || [path, `${path}.jws`, `${path}.p7s`].includes(name);
    if (!mayBeMissing && !recorded.has(name)) throw new Faulty(`has ${shown(name)}, which RECORD does not list`);
  }
  return recorded;
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
