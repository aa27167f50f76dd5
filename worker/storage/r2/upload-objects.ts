import type { UploadObjects } from "../../publishing/ports.ts";
import { sha256 } from "../../repository/sha256.ts";
import { freshId, hostedKey, hostedMetadataKey } from "../keys.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import type { Objects } from "../../platform/objects.ts";

/** Stores the bytes of hosted files in R2, which refuses them if their digest differs. */
export function uploadObjectsIn(r2: Objects): UploadObjects {
  return {
    store: (staged, metadata) =>
      orStorageFailed(async () => {
        const digest = staged.digests.sha256;
        const key = hostedKey(digest, freshId());
        await Promise.all([
          r2.put(key, await staged.stream(), { sha256: digest }),
          r2.put(hostedMetadataKey(key), metadata, { sha256: sha256(metadata) }),
        ]);
        return key;
      }),
  };
}
