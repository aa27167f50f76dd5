import type { Hash } from "node:crypto";
import { writeFile } from "node:fs";
import { open, rm, type FileHandle } from "node:fs/promises";
import { promisify } from "node:util";

/** Chunks smaller than half of this are gathered: each write to a file costs a way to another thread. Bytes. */
const GATHERED = 64 * 1024;

interface WriteOptions {
  readonly hash?: Hash | undefined;
  readonly check?: (() => void) | undefined;
  readonly synced: boolean;
}

/**
 * Writes bytes to a new file. Rejects with the error of the source, of `check` or of the system; then there is no file.
 *
 * @param hash is updated with the bytes
 * @param check throws where the bytes are not the right ones
 * @param synced whether the bytes must be on the disk before this resolves
 * @returns how many bytes there were
 */
export async function writeNewFile(
  path: string,
  source: Uint8Array | AsyncIterable<Uint8Array>,
  { hash, check, synced }: WriteOptions,
): Promise<number> {
  try {
    if (source instanceof Uint8Array && !synced) return await writeAtOnce(path, source, hash, check);
    const handle = await open(path, "wx");
    try {
      const size = source instanceof Uint8Array ? await append(handle, source, hash) : await pour(source, handle, hash);
      check?.();
      if (synced) await handle.sync();
      return size;
    } finally {
      await handle.close();
    }
  } catch (error) {
    await rm(path, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** A handle, and a promise for each step, take twice the processor time. */
const writeWhole = promisify(writeFile);

async function writeAtOnce(path: string, bytes: Uint8Array, hash: Hash | undefined, check?: () => void) {
  hash?.update(bytes);
  check?.();
  await writeWhole(path, bytes, { flag: "wx" });
  return bytes.byteLength;
}

async function pour(source: AsyncIterable<Uint8Array>, handle: FileHandle, hash: Hash | undefined): Promise<number> {
  let buffer: Uint8Array = new Uint8Array();
  let [size, filled] = [0, 0];
  const flush = async () => {
    const bytes = buffer.subarray(0, filled);
    filled = 0;
    await append(handle, bytes, hash);
  };
  for await (const chunk of source) {
    size += chunk.byteLength;
    const isLarge = chunk.byteLength >= GATHERED / 2;
    if (isLarge || filled + chunk.byteLength > GATHERED) await flush();
    if (isLarge) await append(handle, chunk, hash);
    else {
      // The source may use the chunk's memory again once it is asked for the next one.
      if (buffer.byteLength === 0) buffer = Buffer.allocUnsafeSlow(GATHERED);
      buffer.set(chunk, filled);
      filled += chunk.byteLength;
    }
  }
  await flush();
  return size;
}

/** Writes at the end of a file. The digest is computed while the system writes. Returns the number of bytes. */
export async function append(handle: FileHandle, bytes: Uint8Array, hash: Hash | undefined): Promise<number> {
  const written = appendAll(handle, bytes);
  hash?.update(bytes);
  await written;
  return bytes.byteLength;
}

/** One call may write fewer bytes than it was given. */
async function appendAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) at += (await handle.write(bytes, at)).bytesWritten;
}

/** Does what was to read a source. Where that fails, a stream is cancelled, so that its writer does not wait for ever. */
export async function orCancelled<T>(source: unknown, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (source instanceof ReadableStream && !source.locked) source.cancel(error).catch(() => undefined);
    throw error;
  }
}
