import { extraFields, IN_ZIP64, ZIP64, type ExtraField } from "../../../repository/zip-directory.ts";
import { InvalidDistribution, quotedName } from "../invalid-distribution.ts";

/** A second name for the member, which some readers prefer. */
const UNICODE_PATH = 0x7075;

/** Checks that a member's extra fields are complete and unique, and contain no second name. */
export function checkExtra(extra: Uint8Array, name: string): void {
  const ids = fieldsOf(extra, name).map(({ id }) => id);
  if (ids.includes(UNICODE_PATH))
    throw new InvalidDistribution(`has ${quotedName(name)}, which has a second name in an extra field`);
  if (new Set(ids).size !== ids.length) throw broken(name);
}

/** A member's sizes in bytes, both from ZIP64's extra field or both from the header. Throws `InvalidDistribution`. */
export function sizesOf(compressedSize: number, uncompressedSize: number, extra: Uint8Array, name: string) {
  const zip64 = fieldsOf(extra, name).find(({ id }) => id === ZIP64)?.value;
  if (!zip64 && compressedSize !== IN_ZIP64 && uncompressedSize !== IN_ZIP64)
    return { compressedSize, uncompressedSize };
  if (zip64?.byteLength !== 16 || compressedSize !== IN_ZIP64 || uncompressedSize !== IN_ZIP64) throw broken(name);
  const view = new DataView(zip64.buffer, zip64.byteOffset, zip64.byteLength);
  return {
    uncompressedSize: Number(view.getBigUint64(0, true)),
    compressedSize: Number(view.getBigUint64(8, true)),
  };
}

function fieldsOf(extra: Uint8Array, name: string): ExtraField[] {
  const fields = extraFields(extra);
  if (!fields) throw broken(name);
  return fields;
}

const broken = (name: string) => new InvalidDistribution(`has ${quotedName(name)}, whose extra fields are broken`);
