/** A tar has blocks of so many bytes; a member's bytes are filled up to whole ones with zeros. */
const BLOCK = 512;

/** Two empty blocks end a tar (POSIX pax, "ustar Interchange Format"). Bytes. */
export const END_BYTES = 2 * BLOCK;

/** The header has eleven octal digits for the size, and 155 and 100 bytes for the name. */
const MAX_SIZE = 8 ** 11 - 1;
const MAX_NAME = 100;

const encoder = new TextEncoder();

/** Whether a member of this name has a place in the tar. */
export const fitsInTar = (name: string) => name.length <= MAX_NAME;

/** A member's bytes in the tar: its header, its own, and what fills them up. `size` in bytes. */
export const bytesInTar = (size: number) => BLOCK + Math.ceil(size / BLOCK) * BLOCK;

/** Where the bytes of a member begin, after its header. */
export const BODY_OFFSET = BLOCK;

/** Zeros that fill the bytes of a member up. */
export const fillerOf = (size: number) => new Uint8Array(bytesInTar(size) - BLOCK - size);

/**
 * The header of a regular file: the same bytes for the same name and size, so that a reader compares all of it.
 *
 * @param name ASCII, at most 100 characters
 * @param size bytes, less than 8 GiB
 */
export function tarHeader(name: string, size: number): Uint8Array {
  if (size > MAX_SIZE || !fitsInTar(name)) throw new Error(`${name} of ${size} bytes does not fit into a tar.`);
  const header = new Uint8Array(BLOCK);
  const put = (offset: number, text: string) => header.set(encoder.encode(text), offset);
  put(0, name);
  put(100, "0000644\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  put(124, `${size.toString(8).padStart(11, "0")}\0`);
  // No time: the manifest has it.
  put(136, "00000000000\0");
  put(148, " ".repeat(8));
  put(156, "0");
  put(257, "ustar\u000000");
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return header;
}

/** What a header of any tar says of its member. */
export interface FoundHeader {
  readonly name: string;
  /** In words, such as "a symbolic link". */
  readonly kind: string;
  /** Bytes; NaN where it cannot be read. */
  readonly size: number;
}

const KINDS: Readonly<Record<string, string>> = {
  "0": "a file",
  "\0": "a file",
  "1": "a hard link",
  "2": "a symbolic link",
  "3": "a device",
  "4": "a device",
  "5": "a folder",
  "6": "a pipe",
  S: "a sparse file",
  g: "an extended header",
  x: "an extended header",
  L: "a long name",
  K: "a long link",
};

/** Reads a header for a message; undefined for an empty block, which ends a tar. */
export function foundHeader(header: Uint8Array): FoundHeader | undefined {
  if (header.every((byte) => byte === 0)) return undefined;
  const field = (from: number, length: number) => {
    const text = new TextDecoder("latin1").decode(header.subarray(from, from + length));
    const end = text.indexOf("\0");
    return end === -1 ? text : text.slice(0, end);
  };
  const kind = KINDS[String.fromCharCode(header[156] ?? 0)] ?? "something that is no file";
  const digits = field(124, 12).trim();
  const size = /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
  const [prefix, name] = [field(345, 155), field(0, 100)];
  return { name: prefix === "" ? name : `${prefix}/${name}`, kind, size };
}
