/** A `<meta>` that declares the encoding is searched for in so many first bytes (HTML, 13.2.3.2). */
const PRESCAN = 1_024;

/** Whether a byte is white space that may precede a JSON or HTML document. */
export const isBlank = (byte: number) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;

/** The bytes without a UTF-8 byte order mark. */
const withoutMark = (bytes: Uint8Array) =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;

/**
 * Whether a body is read as JSON: where its Content-Type says JSON, or where it begins with a brace, as no HTML does.
 *
 * @param type the answer's Content-Type
 * @param bytes the body, or its beginning
 */
export function isJson(type: string | null, bytes: Uint8Array): boolean {
  return /\bjson\b/i.test(type ?? "") || withoutMark(bytes).find((byte) => !isBlank(byte)) === 0x7b;
}

/**
 * An HTML document converted to UTF-8. The byte order mark, else the Content-Type, else a `<meta>` gives its encoding; an
 * unknown encoding is read as UTF-8.
 */
export function inUtf8(type: string | null, bytes: Uint8Array): Uint8Array {
  const decoder = decoderFor(markedAs(bytes) ?? labelIn(type ?? "") ?? declaredIn(bytes) ?? "utf-8");
  return decoder.encoding === "utf-8" ? withoutMark(bytes) : new TextEncoder().encode(decoder.decode(bytes));
}

function markedAs([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xfe && second === 0xff) return "utf-16be";
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xef && second === 0xbb && third === 0xbf ? "utf-8" : undefined;
}

function declaredIn(bytes: Uint8Array): string | undefined {
  const beginning = new TextDecoder("latin1").decode(bytes.subarray(0, PRESCAN));
  const tag = beginning.match(/<meta\s[^>]*/gi)?.find((it) => /\bcharset/i.test(it));
  const declared = tag === undefined ? undefined : labelIn(tag);
  // The declaration was found byte by byte, so the document is not UTF-16 (HTML, 13.2.3.2).
  return declared !== undefined && /^utf-?16/i.test(declared) ? "utf-8" : declared;
}

/** The encoding in `charset=…`. */
const labelIn = (text: string) => /\bcharset\s*=\s*["']?([\w.:+-]{1,40})/i.exec(text)?.[1];

function decoderFor(label: string): TextDecoder {
  try {
    return new TextDecoder(label);
  } catch {
    return new TextDecoder();
  }
}
