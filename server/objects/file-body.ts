import { open, type FileHandle } from "node:fs/promises";

/** A part of a file. */
export interface FilePart {
  readonly path: string;
  /** Bytes before the part. */
  readonly offset: number;
  /** Bytes of the part. */
  readonly length: number;
}

/** Bytes that one read of a file asks for. */
const CHUNK = 256 * 1024;

const files = new WeakMap<ReadableStream, FilePart>();

/**
 * The file that a body is a part of, so that it can leave through Node's streams; undefined where a body is no file.
 * Who takes the file does not read the body, and need not cancel it: no descriptor is open until a body is read. The
 * file never changes. It is gone where the object was replaced or deleted since it was read, and may be shorter than
 * the part where the disk has lost bytes: both must break off the answer.
 */
export const fileOf = (body: ReadableStream | null | undefined): FilePart | undefined =>
  body ? files.get(body) : undefined;

/**
 * A byte stream of a part of a file. It opens the file when it is first read, and closes it with the last byte, with an
 * error, or when it is cancelled.
 */
export function fileBody(part: FilePart): ReadableStream<Uint8Array> {
  const { path, offset, length } = part;
  let handle: FileHandle | undefined;
  let read = 0;
  let isCancelled = false;

  async function close() {
    const opened = handle;
    handle = undefined;
    await opened?.close();
  }

  async function pull(controller: ReadableByteStreamController): Promise<void> {
    const view = controller.byobRequest?.view;
    if (!view) return;
    try {
      handle ??= await open(path);
      const wanted = Math.min(view.byteLength, length - read);
      const { bytesRead } = await handle.read(view, 0, wanted, offset + read);
      if (bytesRead === 0 && wanted > 0) throw tooShort(part, read);
      read += bytesRead;
      if (isCancelled || read === length) await close();
      if (isCancelled) return;
      controller.byobRequest?.respond(bytesRead);
      if (read < length) return;
      controller.close();
      // A reader that waits for more bytes (`readAtLeast`) gets those that there are.
      controller.byobRequest?.respond(0);
    } catch (error) {
      await close();
      throw error;
    }
  }

  const body = new ReadableStream(
    {
      type: "bytes",
      autoAllocateChunkSize: Math.max(1, Math.min(length, CHUNK)),
      start(controller) {
        if (length === 0) controller.close();
      },
      pull,
      async cancel() {
        isCancelled = true;
        await close();
      },
    },
    { highWaterMark: 0 },
  );
  files.set(body, part);
  return body;
}

/** The bytes of a part of a file. Rejects with the system's error, or where the file is too short. */
export async function readPart(part: FilePart): Promise<Uint8Array> {
  const { path, offset, length } = part;
  const bytes = new Uint8Array(length);
  const handle = await open(path);
  try {
    for (let read = 0; read < length;) {
      const { bytesRead } = await handle.read(bytes, read, length - read, offset + read);
      if (bytesRead === 0) throw tooShort(part, read);
      read += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

const tooShort = ({ path, offset, length }: FilePart, read: number) =>
  new Error(`${path} ends after ${offset + read} bytes; the object has at least ${offset + length}.`);
