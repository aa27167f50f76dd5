import { SECOND, inSeconds } from "../duration.ts";
import type { FetchAnswer } from "../platform/platform.ts";
import { GZIP, MAGIC_LENGTH, TAR, type Magic } from "../pypi/magic.ts";
import { byteReader, type ByteReader } from "../repository/byte-reader.ts";
import { inTime } from "../repository/timeout.ts";

/** An upstream that sends headers and then nothing for so long has failed. Milliseconds. */
const SILENT_FOR = 10 * SECOND;
const SILENT = `it sent nothing of the file for ${inSeconds(SILENT_FOR)} s`;

/** `MAGIC_LENGTH` encoded bytes decode to more than this, unless a gzip header takes up most of them. Bytes. */
const ENOUGH = MAGIC_LENGTH / 2;

/** Size of one read. Bytes. */
const CHUNK = 64 * 1024;

/** Bytes in memory are decoded at once: a decoder that yields nothing for so long needs more input. Milliseconds. */
const DECODED_WITHIN = 500;

/** The codings that the platform can decode, by their names in `Content-Encoding` (RFC 9110, 8.4.1). */
type Format = "gzip" | "deflate";
const FORMATS: Readonly<Record<string, Format>> = { gzip: "gzip", "x-gzip": "gzip", deflate: "deflate" };

/** How many codings, applied one after the other, are decoded. */
const MAX_CODINGS = 3;

/** A file's bytes as a stream, and whether they are exactly those that were sent. */
export interface Decoded {
  readonly body: ReadableStream<Uint8Array>;
  /** Whether `Content-Length` is the file's own length. */
  readonly raw: boolean;
}

/** The codings that a response says it was encoded with, in the order they were applied. */
export function codingsOf({ headers }: FetchAnswer): string[] {
  const codings = (headers.get("Content-Encoding") ?? "").toLowerCase().split(",");
  return codings.map((coding) => coding.trim()).filter((coding) => coding !== "" && coding !== "identity");
}

/**
 * The file in a response with a `Content-Encoding`, although the request accepted none. Some servers choose that header by the
 * file's ending and say `gzip` of a plain `.tar.gz`; others do encode the file. Only the bytes show which: the body is compared
 * with the file's magic bytes as it was sent and after each decoding, and the last match is the file. Without a match, the fully
 * decoded body is the file, where a digest will verify it or where the file's name says nothing of its magic bytes. Throws and
 * cancels the body where the file is not found.
 *
 * @param magic what the file begins with; undefined where that is not known
 * @param unverified whether there is no digest: the first bytes must then match
 */
export async function decoded(response: FetchAnswer, magic: Magic | undefined, unverified: boolean): Promise<Decoded> {
  const body = response.body as ReadableStream<Uint8Array>;
  const codings = codingsOf(response);
  const reader = byteReader(body);
  try {
    const first = await firstOf(reader);
    const formats = codings.toReversed().map((coding, depth) => (depth < MAX_CODINGS ? FORMATS[coding] : undefined));
    const levels = [first, ...(await decodings(first, formats))];
    const level = magic ? levels.findLastIndex((bytes) => magic.begins(bytes)) : -1;
    // Even with a digest, a body that cannot be fully decoded is refused: each transfer would break off in the middle.
    const isLeft = magic === undefined || (!unverified && formats.every((format) => format !== undefined));
    const chosen = level === -1 && isLeft ? levels.length - 1 : level;
    const bytes = levels[chosen];
    if (bytes === undefined || (unverified && !(await isTarball(bytes, magic, codings)))) {
      throw new Error(`its answer is not ${magic?.what ?? "the file"}${described(codings)}`);
    }
    const sent = resumed(first, reader);
    return {
      raw: chosen === 0,
      body: formats.slice(0, chosen).reduce((stream, format) => {
        return format ? stream.pipeThrough(new DecompressionStream(format)) : stream;
      }, sent),
    };
  } catch (error) {
    await reader.cancel(error).catch(() => undefined);
    throw error;
  }
}

/** An error page in gzip begins with the same bytes as a `.tar.gz`, so the archive inside is checked, too. */
async function isTarball(bytes: Uint8Array, magic: Magic | undefined, codings: readonly string[]): Promise<boolean> {
  if (magic !== GZIP || codings.length === 0) return true;
  const [inner] = await decodings(bytes, ["gzip"]);
  return inner !== undefined && TAR.begins(inner);
}

const described = (codings: readonly string[]) =>
  codings.length === 0 ? "" : `, neither as it was sent nor decoded (its Content-Encoding is ${codings.join(", ")})`;

/** The first bytes after each decoding; the list ends at the first decoding that fails. */
async function decodings(first: Uint8Array, formats: readonly (Format | undefined)[]) {
  const levels: Uint8Array[] = [];
  let bytes = first;
  for (const format of formats) {
    const next = format && (await decodedStart(bytes, format));
    if (!next) break;
    levels.push(next);
    bytes = next;
  }
  return levels;
}

/** The decoded beginning of an encoded body; undefined where the body is not in this format. */
async function decodedStart(bytes: Uint8Array, format: Format): Promise<Uint8Array | undefined> {
  const { readable, writable } = new DecompressionStream(format);
  const writer = writable.getWriter();
  const reader = readable.getReader();
  const ending = (
    bytes.length < MAGIC_LENGTH ? writer.write(bytes).then(() => writer.close()) : writer.write(bytes)
  ).catch(() => undefined);
  const chunks: Uint8Array[] = [];
  let total = 0;
  try {
    while (total < ENOUGH) {
      const { done, value } = await inTime(DECODED_WITHIN, "no more", reader.read());
      if (done) break;
      chunks.push(value);
      total += value.byteLength;
    }
  } catch {
    if (total === 0) return undefined;
  } finally {
    await Promise.allSettled([reader.cancel(), writer.abort(), ending]);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer()).subarray(0, MAGIC_LENGTH);
}

const firstOf = async (reader: ByteReader) =>
  (await inTime(SILENT_FOR, SILENT, reader.fill(MAGIC_LENGTH))) ?? new Uint8Array();

/** The whole body again, after `first` has been read from it. */
function resumed(first: Uint8Array, reader: ByteReader): ReadableStream<Uint8Array> {
  let rest: Uint8Array | undefined = first;
  return new ReadableStream({
    async pull(controller) {
      const chunk = rest?.byteLength ? rest : await reader.read(new ArrayBuffer(CHUNK));
      rest = undefined;
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
