import { createHash } from "node:crypto";
import type { Objects } from "../../../worker/platform/objects.ts";

/** The key, metadata and digest of each object whose key a test wants. */
export async function objectsOf(
  stored: Pick<Objects, "list" | "get">,
  isWanted: (key: string) => boolean = () => true,
): Promise<readonly unknown[]> {
  const { objects } = await stored.list({ include: ["customMetadata"] });
  return Promise.all(
    objects
      .filter(({ key }) => isWanted(key))
      .map(async ({ key, customMetadata }) => {
        const bytes = await (await stored.get(key))?.bytes();
        const hash = createHash("sha256").update(bytes ?? "");
        return [key, customMetadata, hash.digest("hex")];
      }),
  );
}
