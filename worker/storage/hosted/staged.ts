import type { Staged } from "../../publishing/staged.ts";
import { resolveRange, type RangeSpec } from "../../repository/range.ts";
import { orStorageFailed } from "./failure.ts";

type Facts = Pick<Staged, "digests">;

/** Staged bytes in memory. */
export function stagedInMemory(bytes: Uint8Array<ArrayBuffer>, { digests }: Facts): Staged {
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

/** Staged bytes in R2, under a key of their own. */
export function stagedInStore(r2: R2Bucket, key: string, { size, digests }: Facts & Pick<Staged, "size">): Staged {
  const get = (options?: R2GetOptions) =>
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
      // What stays is deleted by the clock.
      await r2.delete(key).catch(() => undefined);
    },
  };
}

/** Of what does not have it, nothing. */
function partOf(size: number, range: RangeSpec) {
  const part = resolveRange(range, size);
  return part === "unsatisfiable" ? { offset: 0, length: 0 } : part;
}
