import type { StagedFile } from "../../publishing/staged-file.ts";
import { resolveRange, type RangeSpec } from "../../repository/range.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import type { GetOptions, Objects } from "../../platform/objects.ts";

type Facts = Pick<StagedFile, "digests">;

export function stagedInMemory(bytes: Uint8Array<ArrayBuffer>, { digests }: Facts): StagedFile {
  return {
    size: bytes.byteLength,
    digests,
    read(range) {
      const { offset, length } = partOf(bytes.byteLength, range);
      return Promise.resolve({ bytes: bytes.subarray(offset, offset + length), offset, size: bytes.byteLength });
    },
    stream: () => Promise.resolve(new Blob([bytes]).stream()),
    discard: () => Promise.resolve(),
  };
}

export function stagedInStore(
  r2: Objects,
  key: string,
  { size, digests }: Facts & Pick<StagedFile, "size">,
): StagedFile {
  const get = (options?: GetOptions) =>
    orStorageFailed(async () => {
      const object = await r2.get(key, options);
      if (object?.size !== size) throw new Error(`${key} is not there as it was staged`);
      return object;
    });
  return {
    size,
    digests,
    async read(range) {
      const { offset, length } = partOf(size, range);
      if (length === 0) return { bytes: new Uint8Array(), offset, size };
      const object = await get({ range: { offset, length } });
      return { bytes: await orStorageFailed(() => object.bytes()), offset, size };
    },
    stream: async () => (await get()).body,
    async discard() {
      // If this fails, the clean-up job deletes the object.
      await r2.delete(key).catch(() => undefined);
    },
  };
}

/** An unsatisfiable range gives an empty part. */
function partOf(size: number, range: RangeSpec) {
  const part = resolveRange(range, size);
  return part === "unsatisfiable" ? { offset: 0, length: 0 } : part;
}
