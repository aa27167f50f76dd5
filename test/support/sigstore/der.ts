/** Bytes of ASN.1 in DER (X.690): what the test sigstore's certificates and times are made of. */

export function joinedBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.byteLength;
  }
  return joined;
}

/** An element with this tag around its parts. */
export function element(tag: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const body = joinedBytes(...parts);
  const { byteLength } = body;
  const length =
    byteLength < 128 ? [byteLength] : byteLength < 256 ? [0x81, byteLength] : [0x82, byteLength >> 8, byteLength & 255];
  return joinedBytes(Uint8Array.of(tag, ...length), body);
}

export const sequence = (...parts: readonly Uint8Array[]) => element(0x30, ...parts);
export const set = (...parts: readonly Uint8Array[]) => element(0x31, ...parts);
export const octets = (...parts: readonly Uint8Array[]) => element(0x04, ...parts);
export const bits = (bytes: Uint8Array) => element(0x03, Uint8Array.of(0), bytes);
export const yes = element(0x01, Uint8Array.of(255));
export const utf8 = (text: string) => element(0x0c, new TextEncoder().encode(text));
/** In a context of its own, as `[0]` is written. */
export const tagged = (number: number, ...parts: readonly Uint8Array[]) => element(0xa0 | number, ...parts);

/** A whole number that is not negative. */
export function integer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  let at = 0;
  while (at < bytes.byteLength - 1 && bytes[at] === 0) at += 1;
  const short = bytes.subarray(at);
  return (short[0] ?? 0) > 127 ? element(0x02, Uint8Array.of(0), short) : element(0x02, short);
}

/** An object identifier: `2.5.29.17`. */
export function oid(text: string): Uint8Array<ArrayBuffer> {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const digits = [arc & 127];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left & 127) | 128);
    bytes.push(...digits);
  }
  return element(0x06, Uint8Array.from(bytes));
}

const digitsOf = (at: number) => new Date(at).toISOString().replaceAll(/[-:T]|\.\d+/g, "");

/** GeneralizedTime, to the second. */
export const time = (at: number) => element(0x18, new TextEncoder().encode(digitsOf(at)));

/** UTCTime, which has two digits for the year: certificates have it until 2049 (RFC 5280, 4.1.2.5). */
export const timeOfCertificate = (at: number) => element(0x17, new TextEncoder().encode(digitsOf(at).slice(2)));

/** An ECDSA signature of WebCrypto, two halves, as everyone else writes it. */
export const ecdsaSignature = (raw: Uint8Array) =>
  sequence(integer(raw.subarray(0, raw.byteLength / 2)), integer(raw.subarray(raw.byteLength / 2)));
