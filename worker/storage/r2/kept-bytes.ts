import { IndexError } from "../../errors.ts";
import type { GetOptions, ObjectWithBody, Objects } from "../../platform/objects.ts";
import type { Part } from "../../repository/range.ts";
import type { Memory } from "../memory.ts";

/**
 * Bytes in R2 that exist nowhere else, small ones in memory as well: the object under a key never changes. Where they are missing,
 * `storage-failed` is thrown: they must be there.
 *
 * @param memory by key
 * @param sentence what a client is told then
 */
export function keptBytesIn(r2: Objects, memory: Memory<Uint8Array>, sentence: string) {
  async function open(key: string, options?: GetOptions): Promise<ObjectWithBody> {
    const object = await r2.get(key, options);
    if (!object) throw new Error(`${key} is not there`);
    return object;
  }
  async function whole(key: string): Promise<Uint8Array> {
    const known = memory.get(key, 0);
    if (known) return known;
    const bytes = await (await open(key)).bytes();
    memory.set(key, bytes, bytes.byteLength);
    return bytes;
  }
  async function reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw new IndexError("storage-failed", sentence, { cause: error });
    }
  }
  return {
    /** @param size of the whole object, in bytes */
    open: (key: string, size: number, part: Part | undefined): Promise<ReadableStream<Uint8Array> | Uint8Array> =>
      reading(async () => {
        if (size > memory.maxValue) return (await open(key, part && { range: part })).body;
        const bytes = await whole(key);
        return part ? bytes.subarray(part.offset, part.offset + part.length) : bytes;
      }),
    whole: (key: string) => reading(() => whole(key)),
  };
}
