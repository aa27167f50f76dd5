import { formatOf } from "../../../worker/locks/formats/formats.ts";
import type { MappableLock } from "../../../worker/locks/mapping/plan.ts";
import { scannerFor } from "../../../worker/locks/mapping/scanners.ts";

/** A lock file of this name, as it is mapped. Throws where the name is none of a lock file. */
export function mappable(name: string, text: string): MappableLock {
  const format = formatOf(name);
  if (!format) throw new Error(`${name} is of no known format`);
  return { name, text, scan: scannerFor(format) };
}
