import { joined } from "../repository/give-way.ts";

/** All bytes of a body. Rejects with the stream's error, or where there are more than `limit`. */
export async function readBytes(reader: ReadableStreamDefaultReader<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    total += value.byteLength;
    if (total > limit) throw new Error(`its answer is larger than ${limit / 1024 / 1024} MiB`);
    chunks.push(value);
  }
  const [only] = chunks;
  if (only && chunks.length === 1) return only;
  return joined(chunks, total);
}
