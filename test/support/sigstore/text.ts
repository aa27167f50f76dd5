export const base64 = (bytes: Uint8Array) => btoa(String.fromCodePoint(...bytes));
export const bytesOf = (text: string) => Uint8Array.from(atob(text), (each) => each.codePointAt(0) ?? 0);
/** A certificate in DER, as text. */
export const pem = (certificate: Uint8Array) =>
  `-----BEGIN CERTIFICATE-----\n${base64(certificate).replaceAll(/(.{64})/g, "$1\n")}\n-----END CERTIFICATE-----\n`;
export const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
export const utf8Bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));
