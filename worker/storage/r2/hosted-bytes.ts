import type { HostedBytes } from "../../repository/ports/hosted-packages.ts";
import { hostedMetadataKey } from "../keys.ts";
import type { Memory } from "../memory.ts";
import type { Objects } from "../../platform/objects.ts";
import { keptBytesIn } from "./kept-bytes.ts";

const UNREADABLE = "The file is hosted here, but its bytes cannot be read right now. Try again in a moment.";

/**
 * The bytes of hosted files in R2.
 *
 * @param memory by key
 */
export function hostedBytesIn(r2: Objects, memory: Memory<Uint8Array>): HostedBytes {
  const kept = keptBytesIn(r2, memory, UNREADABLE);
  return {
    file: ({ object, size }, part) => kept.open(object, size, part),
    metadata: ({ object }) => kept.whole(hostedMetadataKey(object)),
  };
}
