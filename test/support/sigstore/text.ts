export const base64 = (bytes: Uint8Array) => btoa(String.fromCodePoint(...bytes));
export const bytesOf = (text: string) => Uint8Array.from(atob(text), (each) => each.codePointAt(0) ?? 0);
export const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
export const utf8Bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text));
