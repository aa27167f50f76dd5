import type { ObjectHead, ObjectRange, Objects, ObjectWithBody } from "../../../../worker/platform/objects.ts";

/** What the platform under test gives. */
export interface ObjectsUnderTest {
  readonly objects: () => Objects;
  /** A stream of known length whose writer is the test. */
  readonly pipe: (size: number) => { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> };
  /** What miniflare words otherwise than R2's documentation. */
  readonly isSimulator: boolean;
}

export const MIB = 1024 * 1024;
export const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

export const bytesOf = (size: number, seed = 0) =>
  new Uint8Array(size).map((_, at) => (at * 31 + (at >> 8) + seed) % 251);

export const sha256 = async (bytes: Uint8Array) =>
  Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");

/** An object that is read without a condition. */
export const read = (objects: Objects, key: string, range?: ObjectRange) => objects.get(key, range && { range });

export async function textOf(object: ObjectWithBody | null): Promise<string | null> {
  return object && new TextDecoder().decode(await object.bytes());
}

export const keysOf = ({ objects }: { readonly objects: ObjectHead[] }) => objects.map(({ key }) => key);
