import type { Platform } from "../platform/platform.ts";
import { PROBE_KEY } from "./keys.ts";

/** The stores that a deployment needs, by their rooms in `Platform`. */
export type ProbedStore = "database" | "objects" | "keyValue";

export type StoreProbes = Readonly<Record<ProbedStore, () => Promise<unknown>>>;

/** For each store a function that reads something small, and rejects where the store cannot be read. */
export const probesOf = ({ database, objects, keyValue }: Pick<Platform, ProbedStore>): StoreProbes => ({
  database: () => database.prepare("SELECT 1").first(),
  objects: () => objects.head(PROBE_KEY),
  keyValue: async () => (await keyValue.get(PROBE_KEY, "stream"))?.cancel(),
});
