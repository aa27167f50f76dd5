import { crc32 } from "node:zlib";
import { deflated, gzippedLines, SMALL } from "./gzip.ts";
import { joined } from "./give-way.ts";

/** What ends each line of a page. */
export const LINE_END = 0x0a;

/** How long a stretch is, but for the rest of its last line: some milliseconds' work to deflate. Bytes. */
const LENGTH = 256 * 1024;

/**
 * Lines of a page that are deflated on their own. A page that has the same lines takes the stretch as it is: then they are deflated
 * once for both.
 */
export class Stretch {
  /** The lines, each with its end, and with the comma that follows it. */
  readonly lines: Uint8Array;
  #deflated: Promise<Uint8Array> | undefined;

  constructor(lines: Uint8Array) {
    this.lines = lines;
  }

  /** The lines as blocks of DEFLATE (RFC 1951), none of which is the last, in whole bytes. */
  deflated(): Promise<Uint8Array> {
    return (this.#deflated ??= deflated(this.lines));
  }
}

/** @param lines those of a page's files, with the line that closes the page. The same lines are always divided in the same way */
export function stretchesOf(lines: Uint8Array): Stretch[] {
  const stretches: Stretch[] = [];
  for (let begin = 0; begin < lines.length;) {
    const next = lines.indexOf(LINE_END, begin + LENGTH) + 1;
    const end = next === 0 ? lines.length : next;
    stretches.push(new Stretch(lines.subarray(begin, end)));
    begin = end;
  }
  return stretches;
}

/** The ten bytes that begin a gzip file of which nothing else is said (RFC 1952). */
const HEADER = new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** The last block, which is empty. */
const LAST_BLOCK = new Uint8Array([3, 0]);
/** The checksum and the size. Bytes. */
const TRAILER = 8;

/** @param opening what stands before the stretches */
export async function gzippedStretches(opening: Uint8Array, stretches: readonly Stretch[]): Promise<Uint8Array> {
  const plain = [opening, ...stretches.map(({ lines }) => lines)];
  const size = sizeOf(plain);
  if (size <= SMALL) return gzippedLines(...plain);
  const blocks = [HEADER, await deflated(opening)];
  for (const stretch of stretches) blocks.push(await stretch.deflated());
  const trailer = new DataView(new ArrayBuffer(TRAILER));
  trailer.setUint32(
    0,
    plain.reduce((sum, part) => crc32(part, sum), 0),
    true,
  );
  trailer.setUint32(4, size, true);
  blocks.push(LAST_BLOCK, new Uint8Array(trailer.buffer));
  return joined(blocks, sizeOf(blocks));
}

const sizeOf = (parts: readonly Uint8Array[]) => parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
