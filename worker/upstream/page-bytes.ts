import { giveWay } from "../repository/give-way.ts";

/**
 * A page with more files, versions or links is refused before it is parsed: each costs some 20 µs of an isolate's only thread.
 * PyPI's largest page has 11,221 files.
 */
export const MAX_ENTRIES = 50_000;

/** JSON values in a whole page, and in one of its files. A real file has some 15. */
const MAX_VALUES = 20 * MAX_ENTRIES;
const MAX_IN_ENTRY = 1_000;

/** For a page without its files, which is parsed in one go. 50,000 versions have less than 1 MiB. Bytes. */
const MAX_REST = 4 * 1024 * 1024;

/** How much is parsed before other requests can run: entries, and bytes. */
const BATCH_ENTRIES = 250;
const BATCH_BYTES = 128 * 1024;

/** Steps of a scan before other requests can run: they take some milliseconds while the code is not compiled yet. */
const SCAN_STEPS = 100_000;

const bytesOf = (text: string) => new TextEncoder().encode(text);
const code = (character: string) => character.charCodeAt(0);
const [QUOTE, BACKSLASH, COMMA] = [code('"'), code("\\"), code(",")];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [code("{"), code("}"), code("["), code("]")];
const [LESS_THAN, LETTER_A] = [code("<"), code("a")];

/** Bytes that may follow a tag's name. */
const AFTER_NAME = new Set(bytesOf(" \t\n\f\r/>"));

const FILES = bytesOf('"files"');

const tooMany = (what: string) =>
  new Error(`its page has more than ${what}, which is several times what the largest real one has`);

/** A JSON page, split before it is parsed. */
export interface JsonParts {
  /** The page with nothing in `files`. */
  readonly rest: Uint8Array;
  /** The elements of `files`, separated by commas; each batch can be parsed in a few milliseconds. */
  readonly batches: readonly Uint8Array[];
}

/**
 * Splits the `files` array of a JSON page into its elements. It looks only at quotes, brackets and commas; `JSON.parse`
 * reports all other syntax errors later. Throws an `Error` if there are too many entries or values, if `files` occurs
 * twice, or if the array does not end.
 */
export async function jsonParts(bytes: Uint8Array): Promise<JsonParts> {
  const batches: Uint8Array[] = [];
  let [depth, entries, values, inEntry, inBatch] = [0, 0, 0, 0, 0];
  let [key, batch, start, end] = [-1, -1, -1, -1];
  let inString = false;
  let steps = 0;

  for (let at = 0; at < bytes.length; at++) {
    if (++steps % SCAN_STEPS === 0) await giveWay();
    if (inString) {
      at = bytes.indexOf(QUOTE, at);
      if (at === -1) break;
      inString = isEscaped(bytes, at);
      continue;
    }
    const byte = bytes[at];
    if (byte === QUOTE) {
      inString = true;
      if (depth === 1) key = at;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET || byte === COMMA) {
      if (byte !== COMMA) depth++;
      if (depth === 2) {
        if (++entries > MAX_ENTRIES) throw tooMany(`${MAX_ENTRIES} files and versions`);
        inEntry = 0;
      }
      if (++values > MAX_VALUES || ++inEntry > MAX_IN_ENTRY)
        throw tooMany(`${MAX_VALUES} values, or ${MAX_IN_ENTRY} in one of its files`);
      if (byte === OPEN_BRACKET && depth === 2 && isFiles(bytes, key)) {
        if (start !== -1) throw new Error('its page has "files" twice');
        batch = start = at + 1;
      } else if (byte === COMMA && depth === 2 && batch !== -1) {
        if (++inBatch < BATCH_ENTRIES && at - batch < BATCH_BYTES) continue;
        batches.push(bytes.subarray(batch, at));
        batch = at + 1;
        inBatch = 0;
      }
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--;
      if (depth !== 1 || batch === -1) continue;
      batches.push(bytes.subarray(batch, at));
      end = at;
      batch = -1;
    }
  }
  if (start !== -1 && end === -1) throw new Error("its page is not JSON, or was cut off");
  if (bytes.length - (end - start) > MAX_REST) throw tooMany(`${MAX_REST / 1024 / 1024} MiB beside its files`);
  if (end === -1) return { rest: bytes, batches: [] };
  const rest = new Uint8Array(bytes.length - (end - start));
  rest.set(bytes.subarray(0, start));
  rest.set(bytes.subarray(end), start);
  return { rest, batches };
}

/** Whether the quote at `at` is escaped, so that it does not end the string. */
function isEscaped(bytes: Uint8Array, at: number): boolean {
  let before = at;
  while (bytes[before - 1] === BACKSLASH) before--;
  return (at - before) % 2 === 1;
}

function isFiles(bytes: Uint8Array, at: number): boolean {
  return at !== -1 && FILES.every((byte, nth) => bytes[at + nth] === byte);
}

/**
 * An HTML document in pieces, each of which is parsed in some milliseconds. Throws an `Error` where it has too many links.
 */
export async function htmlPieces(bytes: Uint8Array): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  let [start, links, inPiece, steps] = [0, 0, 0, 0];
  /** Cuts at `end`, and before it so that no piece is larger than `BATCH_BYTES`. */
  const cutAt = (end: number) => {
    for (; start < end; start = Math.min(start + BATCH_BYTES, end)) {
      pieces.push(bytes.subarray(start, Math.min(start + BATCH_BYTES, end)));
    }
    inPiece = 0;
  };
  for (let at = bytes.indexOf(LESS_THAN); at !== -1; at = bytes.indexOf(LESS_THAN, at + 1)) {
    if (++steps % SCAN_STEPS === 0) await giveWay();
    // The bit 0x20 turns an upper-case letter into a lower-case one.
    if (((bytes[at + 1] ?? 0) | 0x20) !== LETTER_A || !AFTER_NAME.has(bytes[at + 2] ?? 0)) continue;
    if (++links > MAX_ENTRIES) throw tooMany(`${MAX_ENTRIES} links`);
    if (++inPiece > BATCH_ENTRIES) cutAt(at);
  }
  cutAt(bytes.length);
  return pieces;
}
