import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { memberPath, type CarriedMember } from "../../schema/carried.ts";
import { BODY_OFFSET, bytesInTar, END_BYTES, foundHeader, tarHeader } from "./tar.ts";

/** Bytes of one read. */
const CHUNK = 1024 ** 2;

/** What a volume is, as far as the manifest says. */
type Member = Pick<CarriedMember, "kind" | "key" | "size" | "sha256">;

/** A member, and where its header begins in the volume. */
export interface PlacedMember<Of extends Member = Member> {
  readonly member: Of;
  readonly offset: number;
}

/** Where each member is: a volume has them one after the other, and nothing else. @returns also the size of the volume */
export function placesIn<Of extends Member>(
  members: readonly Of[],
): { readonly places: readonly PlacedMember<Of>[]; readonly size: number } {
  let offset = 0;
  const places = members.map((member) => {
    const place = { member, offset };
    offset += bytesInTar(member.size);
    return place;
  });
  return { places, size: offset + END_BYTES };
}

/**
 * Compares the header of a member with the one that an export writes: names, sizes and kinds that are not those of the manifest
 * (links, sparse files, paths that lead out of a folder) differ in it.
 *
 * @returns why it is another one, as the end of a sentence; undefined: it is right
 */
export function wrongHeader(header: Uint8Array, member: Member): string | undefined {
  const wanted = tarHeader(memberPath(member), member.size);
  if (Buffer.compare(header, wanted) === 0) return undefined;
  const found = header.byteLength === BODY_OFFSET ? foundHeader(header) : undefined;
  const expected = `${memberPath(member)} of ${member.size} bytes`;
  if (!found) return `it ends where ${expected} is expected`;
  const { kind, name, size } = found;
  return `it has ${kind} ${JSON.stringify(name)} of ${size} bytes where ${expected} is expected`;
}

/** What was found of a volume that was read from its beginning. */
export interface ReadVolume {
  /** How many members, from the first on, are whole. */
  readonly whole: number;
  /** Of all bytes up to `size`. */
  readonly sha256: string;
}

/**
 * Reads a volume once, as a stream, and compares its members with the manifest's.
 *
 * @param size so many bytes of it are read
 */
export async function readVolume(path: string, members: readonly Member[], size: number): Promise<ReadVolume> {
  const all = createHash("sha256");
  const { places } = placesIn(members);
  let whole = 0;
  let at = 0;
  let header: Buffer = Buffer.alloc(0);
  let body = createHash("sha256");
  const stream = createReadStream(path, { highWaterMark: CHUNK, end: Math.max(0, size - 1) });
  for await (const chunk of size === 0 ? [] : stream) {
    let rest = chunk as Buffer;
    all.update(rest);
    while (rest.byteLength > 0) {
      const place = places[whole];
      if (!place) break;
      const { member, offset } = place;
      const [begin, end] = [offset + BODY_OFFSET, offset + BODY_OFFSET + member.size];
      const limit = at < begin ? begin : at < end ? end : offset + bytesInTar(member.size);
      const part = rest.subarray(0, limit - at);
      rest = rest.subarray(part.byteLength);
      if (at < begin) header = Buffer.concat([header, part]);
      else if (at < end) body.update(part);
      at += part.byteLength;
      if (at < offset + bytesInTar(member.size)) continue;
      if (wrongHeader(header, member) !== undefined || body.digest("hex") !== member.sha256)
        return { whole, sha256: "" };
      whole += 1;
      header = Buffer.alloc(0);
      body = createHash("sha256");
    }
  }
  return { whole, sha256: all.digest("hex") };
}
