import { GZIP, SHOWN, TAR, type Magic } from "../pypi/magic.ts";
import { inTime } from "../repository/timeout.ts";

/** An upstream that has sent headers and then nothing has gone. Milliseconds. */
const SILENT_FOR = 10_000;
const SILENT = `it sent nothing of the file for ${SILENT_FOR / 1_000} s`;

/** `SHOWN` bytes of what is encoded come to more than this when decoded, but for a gzip header of that length. Bytes. */
const ENOUGH = SHOWN / 2;

/** Bytes in memory are decoded at once; what does not come then needs more of them. Milliseconds. */
const DECODED_WITHIN = 500;

/** What the platform decodes, by its name in `Content-Encoding` (RFC 9110, 8.4.1). */
type Format = "gzip" | "deflate";
const FORMATS: Readonly<Record<string, Format>> = { gzip: "gzip", "x-gzip": "gzip", deflate: "deflate" };

/** More of them, one upon the other, are not decoded. */
const MAX_CODINGS = 3;

/** A file's bytes as they arrive, and whether they are as they were sent. */
export interface Decoded {
  readonly body: ReadableStream<Uint8Array>;
  /** Whether `Content-Length` is the file's own length. */
  readonly raw: boolean;
}

/** The codings that a response says it was encoded with, in the order they were applied. */
export function codingsOf({ headers }: Response): string[] {
  const codings = (headers.get("Content-Encoding") ?? "").toLowerCase().split(",");
  return codings.map((coding) => coding.trim()).filter((coding) => coding !== "" && coding !== "identity");
}

/**
 * The file in a response that was not decoded on its way, although we asked for no encoding. Servers that label by a name's
 * ending say `gzip` of a `.tar.gz` as it lies there; others do encode. Only the bytes tell: of what the body is before and
 * after each decoding, the file is the last that begins as its name says. Where none does and a digest decides, or where nothing
 * is known of the name, it is what is left after all decodings. Throws, and gives the body up, where the file is not found.
 *
 * @param magic what the file begins with; undefined where nothing is known of that
 * @param unverified whether no digest decides: then the bytes must be what the name says
 */
export async function decoded(response: Response, magic: Magic | undefined, unverified: boolean): Promise<Decoded> {
  const body = response.body as ReadableStream<Uint8Array>;
  const codings = codingsOf(response);
  const reader = body.getReader({ mode: "byob" });
  try {
    const first = await firstOf(reader);
    const formats = codings.toReversed().map((coding, depth) => (depth < MAX_CODINGS ? FORMATS[coding] : undefined));
    const levels = [first, ...(await decodings(first, formats))];
    const level = magic ? levels.findLastIndex((bytes) => magic.begins(bytes)) : -1;
    // A digest says nothing of what cannot be decoded: the file would break off in the middle each time.
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

/** An error page that was encoded begins as a `.tar.gz` does, so what is in it counts, too. */
async function isTarball(bytes: Uint8Array, magic: Magic | undefined, codings: readonly string[]): Promise<boolean> {
  if (magic !== GZIP || codings.length === 0) return true;
  const [inner] = await decodings(bytes, ["gzip"]);
  return inner !== undefined && TAR.begins(inner);
}

const described = (codings: readonly string[]) =>
  codings.length === 0 ? "" : `, neither as it was sent nor decoded (its Content-Encoding is ${codings.join(", ")})`;

/** The first bytes after each decoding, as far as they can be decoded. */
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

/** What the beginning of an encoded body is decoded to; undefined where it is not encoded so. */
async function decodedStart(bytes: Uint8Array, format: Format): Promise<Uint8Array | undefined> {
  const { readable, writable } = new DecompressionStream(format);
  const writer = writable.getWriter();
  const reader = readable.getReader();
  const ending = (bytes.length < SHOWN ? writer.write(bytes).then(() => writer.close()) : writer.write(bytes)).catch(
    () => undefined,
  );
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
  return new Uint8Array(await new Blob(chunks).arrayBuffer()).subarray(0, SHOWN);
}

async function firstOf(reader: ReadableStreamBYOBReader): Promise<Uint8Array> {
  const { value } = await inTime(SILENT_FOR, SILENT, reader.readAtLeast(SHOWN, new Uint8Array(SHOWN)));
  return value ?? new Uint8Array();
}

/** A body from its beginning, given that `first` has been read from it. */
function resumed(first: Uint8Array, reader: ReadableStreamBYOBReader): ReadableStream<Uint8Array> {
  let rest = first;
  return new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: 64 * 1024,
    async pull(controller) {
      const request = controller.byobRequest;
      const view = request?.view;
      if (!request || !view) return;
      if (rest.byteLength > 0) {
        const room = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
        const piece = rest.subarray(0, room.byteLength);
        room.set(piece);
        rest = rest.subarray(piece.byteLength);
        request.respond(piece.byteLength);
        return;
      }
      const { done, value } = await reader.read(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
      if (!done) {
        request.respondWithNewView(value);
        return;
      }
      controller.close();
      request.respond(0);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
