import type { Vault } from "../../publishing/ports.ts";
import { sha256 } from "../../repository/sha256.ts";
import { freshId, hostedKey, hostedMetadataKey } from "../keys.ts";
import { orStorageFailed } from "./failure.ts";

/** Keeps the bytes of hosted files in R2, which takes none but those of the digest that it is told. */
export function vaultIn(r2: R2Bucket): Vault {
  return {
    store: (staged, metadata) =>
      orStorageFailed(async () => {
        const digest = staged.digests.sha256;
        const key = hostedKey(digest, freshId());
        await Promise.all([
          r2.put(key, await staged.stream(), { sha256: digest }),
          metadata && r2.put(hostedMetadataKey(key), metadata, { sha256: await sha256(metadata) }),
        ]);
        return key;
      }),
  };
}
