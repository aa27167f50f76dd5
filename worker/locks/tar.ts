import { createTarPacker, packTar } from "modern-tar";
import { messageOf } from "../errors.ts";
import type { MakePipe } from "../platform/pipe.ts";
import { byteReader } from "../repository/byte-reader.ts";
import { brokenTransfer } from "../repository/sinks.ts";
import type { Context } from "../repository/context.ts";

/**
 * Bytes of one read of the store. Each read waits until the buffer is full: the packer limits its queue by the bytes in the buffers,
 * so that nearly empty buffers would use far more memory than it counts.
 */
const CHUNK = 256 * 1024;

/** Tar pads members to whole blocks. Bytes. */
const BLOCK = 512;

/** A file to be packed. */
export interface TarMember {
  readonly name: string;
  /** Bytes, exactly. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
  /** Opens the bytes; called only when the members before it are packed. */
  open(): Promise<ReadableStream<Uint8Array> | Uint8Array>;
}

/**
 * A tar of these files, in their order, with only a few megabytes in memory at a time. Where a file cannot be read, or has another
 * size, the transfer breaks off, so that a client cannot take the tar for complete.
 *
 * @returns the tar, and its size in bytes
 */
export async function tarOf(
  members: readonly TarMember[],
  pipe: MakePipe,
  ctx: Context,
): Promise<{ size: number; body: ReadableStream<Uint8Array> }> {
  const size = await sizeOf(members);
  const { readable, controller } = createTarPacker();
  const { readable: body, writable } = pipe(size);
  const packed = pack(members, controller).catch((error: unknown) => {
    // Any other error means that the client closed the connection.
    if (error instanceof Unreadable) ctx.report({ event: "storage-failed", what: error.what, reason: error.message });
    controller.error(brokenTransfer());
  });
  ctx.defer(Promise.allSettled([packed, readable.pipeTo(writable)]));
  return { size, body };
}

/** The tar's size. The packer makes the headers and the end marker, since a long name takes more than one header. */
async function sizeOf(members: readonly TarMember[]): Promise<number> {
  const headers = await packTar(members.map((member) => ({ header: { ...headerOf(member), size: 0 } })));
  return members.reduce((total, { size }) => total + Math.ceil(size / BLOCK) * BLOCK, headers.byteLength);
}

const headerOf = ({ name, size, modifiedAt }: TarMember) => ({
  name,
  size,
  mode: 0o644,
  mtime: new Date(modifiedAt),
  type: "file" as const,
});

/** A file could not be read from the store, or only in part. */
class Unreadable extends Error {
  /** The file's name. */
  readonly what: string;

  constructor(what: string, reason: string) {
    super(reason);
    this.what = what;
  }
}

type Packer = ReturnType<typeof createTarPacker>["controller"];

async function pack(members: readonly TarMember[], controller: Packer): Promise<void> {
  for (const member of members) {
    const chunks = chunksOf(member);
    const writer = controller.add(headerOf(member)).getWriter();
    for await (const chunk of chunks) await writer.write(chunk);
    await writer.close();
  }
  controller.finalize();
}

/** A member's bytes. Throws `Unreadable` where they cannot be read, or have another size than `size`. */
async function* chunksOf({ name, size, open }: TarMember): AsyncGenerator<Uint8Array> {
  const sure = <T>(step: Promise<T>) =>
    step.catch((error: unknown) => {
      throw new Unreadable(name, messageOf(error));
    });
  const body = await sure(open());
  let total = 0;
  if (body instanceof Uint8Array) {
    total = body.byteLength;
    yield body;
  } else {
    const reader = byteReader(body);
    try {
      for (;;) {
        const chunk = await sure(reader.fill(CHUNK));
        if (!chunk) break;
        total += chunk.byteLength;
        yield chunk;
      }
    } finally {
      await reader.cancel();
    }
  }
  if (total !== size) throw new Unreadable(name, `it has ${total} bytes and had ${size} a moment ago`);
}
