import type { CarriedObjects } from "../../carrying/ports.ts";
import type { Objects } from "../../platform/objects.ts";
import type { MakePipe } from "../../platform/pipe.ts";
import { carriedKeyOf } from "../keys.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import { putInto } from "./put-sink.ts";

/** The bytes of what is carried, in R2, which refuses them where their digest differs. */
export const carriedObjectsIn = (r2: Objects, pipe: MakePipe): CarriedObjects => ({
  async store(sha256, size, chunks) {
    const sink = putInto(r2, carriedKeyOf(sha256), pipe(size), { sha256 });
    let isRefused = false;
    try {
      for await (const chunk of chunks) {
        // The put's own error says why, and `commit` throws it.
        await sink.write(chunk).catch(() => (isRefused = true));
        if (isRefused) break;
      }
    } catch (error) {
      await sink.abort(error as Error);
      throw error;
    }
    await orStorageFailed(() => sink.commit());
  },
});
