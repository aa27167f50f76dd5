import { IndexError } from "../../errors.ts";
import type { HostedBytes } from "../../repository/ports/hosted-packages.ts";
import { hostedMetadataKey } from "../keys.ts";
import type { GetOptions, ObjectWithBody, Objects } from "../../platform/objects.ts";

export function hostedBytesIn(r2: Objects): HostedBytes {
  async function open(key: string, options?: GetOptions): Promise<ObjectWithBody> {
    const object = await r2.get(key, options);
    if (!object) throw new Error(`${key} is not there`);
    return object;
  }
  return {
    file: ({ object }, part) => reading(async () => (await open(object, part && { range: part })).body),
    metadata: ({ object }) => reading(async () => (await open(hostedMetadataKey(object))).bytes()),
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
