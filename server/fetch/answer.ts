import { type BrotliDecompress, createBrotliDecompress, createGunzip, type Gunzip } from "node:zlib";
import type { FetchAnswer } from "../../worker/platform/platform.ts";
import { IncomingBytes, type Taker } from "../incoming-bytes.ts";
import type { AnswerHeaders, SentRequest } from "./sent-request.ts";
import { NULL_BODY_STATUSES } from "../null-body.ts";

/** A body that is not wanted is read up to so many bytes: the connection can then be used again. */
const DISCARDED = 64 * 1024;

/** What a decoder yields at once. Bytes. */
const DECODED = 256 * 1024;

type Decoder = Gunzip | BrotliDecompress;

const DECODERS: Readonly<Record<string, () => Decoder>> = {
  gzip: () => createGunzip({ chunkSize: DECODED }),
  "x-gzip": () => createGunzip({ chunkSize: DECODED }),
  br: () => createBrotliDecompress({ chunkSize: DECODED }),
};

interface AnswerOptions {
  readonly method: string;
  /** Whether the body is given as it was sent. */
  readonly undecoded: boolean;
  /** The error that the body's reader gets for one of undici or of a decoder. */
  readonly explained: (error: unknown) => unknown;
}

/** The answer to a request, with its body to come. A `Response` with its `Headers` would cost more than the bytes of a small one. */
export function fetchAnswer(
  request: SentRequest,
  status: number,
  headers: AnswerHeaders,
  { method, undecoded, explained }: AnswerOptions,
): FetchAnswer {
  const get = (name: string) => textOf(headers[name.toLowerCase()]);
  if (method === "HEAD" || NULL_BODY_STATUSES.has(status)) {
    // The length that a HEAD is told of is that of a body which does not come.
    request.discard(DISCARDED, Number.NaN);
    return { status, headers: { get }, body: null };
  }
  const coding = undecoded ? "" : [headers["content-encoding"] ?? ""].flat().join(", ");
  const decoder = DECODERS[coding.trim().toLowerCase()]?.();
  const body = new IncomingBytes(decoder ?? request, () => {
    decoder?.destroy();
    request.discard(DISCARDED, Number(headers["content-length"]));
  });
  const taker: Taker = {
    push: (chunk) => body.push(chunk),
    end: () => body.end(),
    fail: (error) => body.fail(explained(error)),
  };
  request.taker = decoder ? decoding(decoder, request, taker) : taker;
  return { status, headers: { get }, body: body.stream() };
}

/** A header of several lines is joined, and each is without the spaces around it (Fetch standard, 2.2.2). */
function textOf(value: AnswerHeaders[string]): string | null {
  if (value === undefined) return null;
  return typeof value === "string" ? trimmed(value) : value.map(trimmed).join(", ");
}

/** Without spaces and tabs around it. `trim` would take the last byte of "à" in UTF-8 for a space. */
function trimmed(value: string): string {
  let [from, to] = [0, value.length];
  while (from < to && isSpace(value[from])) from++;
  while (from < to && isSpace(value[to - 1])) to--;
  return value.slice(from, to);
}

const isSpace = (character: string | undefined) => character === " " || character === "\t";

/** Takes an encoded body, and gives what it decodes to `taker`. */
function decoding(decoder: Decoder, source: SentRequest, taker: Taker): Taker {
  decoder
    .on("data", (chunk: Uint8Array) => taker.push(chunk))
    .on("end", () => taker.end())
    .on("drain", () => source.resume())
    .on("error", (error) => {
      taker.fail(error);
      source.abort(error);
    });
  return {
    push: (chunk) => {
      if (!decoder.write(chunk)) source.pause();
    },
    end: () => void decoder.end(),
    fail: (error) => void decoder.destroy(error instanceof Error ? error : new Error(String(error))),
  };
}
