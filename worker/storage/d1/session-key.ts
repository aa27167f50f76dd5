import type { SessionKey } from "../../auth/ports.ts";
import type { Database } from "../../platform/database.ts";
import { base64url } from "../../pypi/encode.ts";
import { orStorageFailed } from "../or-storage-failed.ts";

/** The key in D1, made by who asks for it first. Once it was read, an isolate keeps it in memory. */
export function sessionKeyIn(db: Database): SessionKey {
  let known: string | undefined;
  return {
    get: () =>
      orStorageFailed(async () => {
        if (known !== undefined) return known;
        const fresh = base64url(crypto.getRandomValues(new Uint8Array(32)));
        // Of two isolates that make one at the same time, both have the one that was stored.
        const row = await db
          .prepare(
            "INSERT INTO session_key (id, key) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET key = key RETURNING key",
          )
          .bind(fresh)
          .first<{ key: string }>();
        known = row?.key ?? fresh;
        return known;
      }),
  };
}
