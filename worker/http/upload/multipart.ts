import { make, type MultipartError } from "multipasta";
import { badRequest } from "../../errors.ts";

/** What a form is made of, in the order in which it comes. */
export type Piece =
  | { readonly kind: "field"; readonly name: string; readonly value: string }
  | { readonly kind: "file"; readonly name: string; readonly filename: string }
  /** Some of the bytes of the file that began last; good until the next piece is asked for. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array };

/** What is wanted of a form. */
export interface Wanted {
  /** Its fields; others are passed over, whatever their size. */
  readonly fields: ReadonlySet<string>;
  /** Its one file. */
  readonly file: string;
}

/** The longest value that a field may have. Bytes. */
const MAX_VALUE = 4 * 1024;

/** Of all parts beside the file, passed over or not: descriptions of some MB are known. Bytes. */
const MAX_REST = 32 * 1024 ** 2;

/** Each classifier and each requirement is a part: the largest projects have some thousands. */
const MAX_PARTS = 20_000;

/** As long as RFC 2046 (5.1.1) lets it be. */
const MAX_BOUNDARY = 70;

/** In front of the boundary: a line end and two hyphens. */
const DELIMITER = 4;
const HYPHEN = 0x2d;

/**
 * The pieces of a form as `multipart/form-data` (RFC 7578) that is wanted of it, as its body comes: nothing of it is read
 * ahead of who takes them, and nothing kept but the fields.
 *
 * @throws `bad-request` where it is no such form, is cut short, or has more than any client sends
 */
export async function* piecesOf(
  contentType: string | undefined,
  body: AsyncIterable<Uint8Array>,
  wanted: Wanted,
): AsyncGenerator<Piece> {
  // A tab is as good as a blank between parameters (RFC 9110, 5.6.3); the parser knows blanks alone, and no boundary has a tab.
  const type = (contentType ?? "").replaceAll("\t", " ");
  const boundary = boundaryOf(type);
  let pieces: Piece[] = [];
  let fault: string | undefined;
  let isOver = false;
  let [rest, inFile] = [0, 0];
  // What comes behind the form is nothing of it (RFC 2046, 5.1.1), and the parser goes on.
  const add = (piece: Piece) => {
    if (!isOver) pieces.push(piece);
  };
  const fail = (why: string) => {
    if (!isOver) fault ??= why;
  };
  const parser = make({
    headers: { "content-type": type },
    maxParts: MAX_PARTS,
    maxFieldSize: MAX_VALUE,
    isFile: ({ name }) => !wanted.fields.has(name),
    onField(info, value) {
      add({ kind: "field", name: info.name, value: new TextDecoder().decode(value) });
    },
    onFile(info) {
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
      // A filename may be escaped wrongly.
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
    if (rest - inFile > MAX_REST) fail(`it has more than ${MAX_REST / 1024 ** 2} MiB beside the file`);
    if (fault !== undefined) throw wrong(fault);
    yield* pieces;
    pieces = [];
  }
  if (!isOver) {
    write(held);
    parser.end();
  }
  if (fault !== undefined || !isOver) throw wrong(fault ?? CUT);
  yield* pieces;
}

/**
 * How many hyphens stand last. A form ends with two behind the boundary, and the parser does not know them where they come
 * apart: it gets them with what is next. More of them than a boundary has characters are not its end.
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

/** The boundary of a form. Throws `bad-request` where a body of this type is none. */
function boundaryOf(contentType: string): string {
  if (!/^multipart\/form-data *;/i.test(contentType)) throw badRequest(NO_FORM);
  const [, quoted, token] = /; *boundary=(?:"([^"]*)"|([^\s;"]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? token ?? "";
  if (boundary === "" || boundary.length > MAX_BOUNDARY || /[^\x20-\x7e]/.test(boundary)) throw badRequest(NO_FORM);
  return boundary;
}

function faultOf(error: MultipartError): string {
  if (error._tag === "EndNotReached") return CUT;
  if (error._tag !== "ReachedLimit") return UNREADABLE;
  return error.limit === "MaxParts"
    ? `it has more than ${MAX_PARTS} parts`
    : `one of its fields has more than ${MAX_VALUE} bytes`;
}

const UNREADABLE = "a part of it has headers that cannot be read";
const CUT = "it breaks off before its end";

const wrong = (fault: string) => badRequest(`The form that was sent cannot be read: ${fault}. Nothing was published.`);

const NO_FORM =
  "An upload is a form: POST it as multipart/form-data with a boundary, as twine, uv publish, poetry, pdm, hatch and flit do.";
