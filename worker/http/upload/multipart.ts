import { make, type MultipartError } from "multipasta";
import { badRequest } from "../../errors.ts";

/** An element of a form, in the order of the body. */
export type FormPiece =
  | { readonly kind: "field"; readonly name: string; readonly value: string }
  | { readonly kind: "file"; readonly name: string; readonly filename: string }
  /** Bytes of the most recent file, valid until the next element is asked for. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array };

/** The parts of a form that are read. */
export interface ExpectedParts {
  /** Names of fields; all others are skipped, whatever their size. */
  readonly fields: ReadonlySet<string>;
  /** Those of them whose value may be long. */
  readonly long?: ReadonlySet<string>;
  /** The name of the one file. */
  readonly file: string;
}

/** Limit of a field's value. Bytes. */
const MAX_VALUE_BYTES = 4 * 1024;

/** Limit of the value of a field that may be long. Bytes. */
const MAX_LONG_BYTES = 256 * 1024;

/** Limit of everything but the file, including skipped fields: some projects' descriptions have several MB. Bytes. */
const MAX_REST_BYTES = 32 * 1024 ** 2;

/** Each classifier and each requirement is a part of its own: the largest projects have some thousands. */
const MAX_PARTS = 20_000;

/** The limit of RFC 2046 (5.1.1). Characters. */
const MAX_BOUNDARY = 70;

/** The length of what precedes the boundary: a line end and two hyphens. */
const DELIMITER = 4;
const HYPHEN = 0x2d;

/**
 * Reads a `multipart/form-data` body (RFC 7578) as it arrives. It never reads ahead of the caller, and only fields are
 * kept in memory.
 *
 * @throws `bad-request` where it is not such a form, is cut short, or exceeds the limits
 */
export async function* readFormPieces(
  contentType: string | undefined,
  body: AsyncIterable<Uint8Array>,
  wanted: ExpectedParts,
): AsyncGenerator<FormPiece> {
  // Tabs may separate parameters (RFC 9110, 5.6.3), but the parser accepts only spaces. Boundaries contain no tabs.
  const type = (contentType ?? "").replaceAll("\t", " ");
  const boundary = boundaryOf(type);
  let pieces: FormPiece[] = [];
  let fault: string | undefined;
  let isOver = false;
  let [rest, inFile] = [0, 0];
  // Bytes after the end are not a part of the form (RFC 2046, 5.1.1), but the parser goes on.
  const add = (piece: FormPiece) => {
    if (!isOver) pieces.push(piece);
  };
  const fail = (why: string) => {
    if (!isOver) fault ??= why;
  };
  const parser = make({
    headers: { "content-type": type },
    maxParts: MAX_PARTS,
    maxFieldSize: wanted.long ? MAX_LONG_BYTES : MAX_VALUE_BYTES,
    isFile: ({ name }) => !wanted.fields.has(name),
    onField(info, value) {
      if (value.byteLength > MAX_VALUE_BYTES && !wanted.long?.has(info.name)) return fail(TOO_LONG);
      add({ kind: "field", name: info.name, value: new TextDecoder().decode(value) });
    },
    onFile(info) {
      // The parser takes what it cannot read for a part without a name, and a file would only be missing.
      if (info.contentDisposition !== "form-data") fail(UNNAMED);
      if (info.name !== wanted.file) return () => undefined;
      add({ kind: "file", name: info.name, filename: info.filename ?? "" });
      return (bytes) => {
        if (!bytes) return;
        inFile += bytes.byteLength;
        add({ kind: "bytes", bytes });
      };
    },
    onError(error) {
      fail(faultOf(error));
    },
    onDone() {
      isOver = true;
    },
  });

  const write = (chunk: Uint8Array) => {
    try {
      parser.write(chunk);
    } catch {
      // The parser throws at a wrongly escaped filename.
      fail(UNREADABLE);
    }
  };

  let held = new Uint8Array();
  for await (const chunk of body) {
    if (isOver) continue;
    rest += chunk.byteLength;
    const whole = joined(held, chunk);
    const ready = whole.byteLength - endingHyphens(whole, DELIMITER + boundary.length);
    held = whole.slice(ready);
    if (ready > 0) write(whole.subarray(0, ready));
    if (rest - inFile > MAX_REST_BYTES) fail(`it has more than ${MAX_REST_BYTES / 1024 ** 2} MiB beside the file`);
    if (fault !== undefined) throw wrong(fault);
    yield* pieces;
    pieces = [];
  }
  if (!isOver) {
    write(held);
    parser.end();
  }
  if (fault !== undefined || !isOver) throw wrong(fault ?? CUT_SHORT);
  yield* pieces;
}

/**
 * Counts the hyphens at the end of a chunk. A form ends with two hyphens after the boundary, which the parser misses if
 * they arrive in different chunks, so they are held back and joined with the next chunk. More hyphens than a boundary can
 * have are not its end.
 */
function endingHyphens(bytes: Uint8Array, most: number): number {
  let count = 0;
  while (count <= most && bytes.at(-1 - count) === HYPHEN) count++;
  return count > most ? 0 : count;
}

function joined(held: Uint8Array, chunk: Uint8Array): Uint8Array {
  if (held.byteLength === 0) return chunk;
  const whole = new Uint8Array(held.byteLength + chunk.byteLength);
  whole.set(held);
  whole.set(chunk, held.byteLength);
  return whole;
}

/** Reads the boundary from a Content-Type. Throws `bad-request` where it is not a form's. */
function boundaryOf(contentType: string): string {
  if (!/^multipart\/form-data *;/i.test(contentType)) throw badRequest(NO_FORM);
  const [, quoted, token] = /; *boundary=(?:"([^"]*)"|([^\s;"]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? token ?? "";
  if (boundary === "" || boundary.length > MAX_BOUNDARY || /[^\x20-\x7e]/.test(boundary)) throw badRequest(NO_FORM);
  return boundary;
}

function faultOf(error: MultipartError): string {
  if (error._tag === "EndNotReached") return CUT_SHORT;
  if (error._tag !== "ReachedLimit") return UNREADABLE;
  return error.limit === "MaxParts"
    ? `it has more than ${MAX_PARTS} parts`
    : `one of its fields has more than ${MAX_LONG_BYTES} bytes`;
}

const TOO_LONG = `one of its fields has more than ${MAX_VALUE_BYTES} bytes`;
const UNREADABLE = "a part of it has headers that cannot be read";
const UNNAMED =
  "a part of it does not say what it is; its Content-Disposition must be form-data, with a name and a filename in ASCII";
const CUT_SHORT = "it breaks off before its end";

const wrong = (fault: string) => badRequest(`The form that was sent cannot be read: ${fault}. Nothing was published.`);

const NO_FORM =
  "An upload is a form: POST it as multipart/form-data with a boundary, as twine, uv publish, poetry, pdm, hatch and flit do.";
