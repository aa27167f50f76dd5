import { IndexError } from "../../errors.ts";
import type { HostedBytes } from "../../repository/ports/hosted-packages.ts";
import { hostedMetadataKey } from "../keys.ts";
import type { Memory } from "../memory.ts";
import type { GetOptions, ObjectWithBody, Objects } from "../../platform/objects.ts";

/**
 * The bytes of hosted files in R2, small ones in memory as well: the object under a key never changes.
 *
 * @param memory by key
 */
export function hostedBytesIn(r2: Objects, memory: Memory<Uint8Array>): HostedBytes {
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
  return {
    file: ({ object, size }, part) =>
      reading(async () => {
        if (size > memory.maxValue) return (await open(object, part && { range: part })).body;
        const bytes = await whole(object);
        return part ? bytes.subarray(part.offset, part.offset + part.length) : bytes;
      }),
    metadata: ({ object }) => reading(() => whole(hostedMetadataKey(object))),
  };
}

async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const sentence = "The file is hosted here, but its bytes cannot be read right now. Try again in a moment.";
    throw new IndexError("storage-failed", sentence, { cause: error });
  }
}
