import { Faulty } from "./faulty.ts";

/** As many as a ZIP archive has without ZIP64. */
export const MAX_MEMBERS = 65_535;

/** Of all members' names together: they are kept in memory. Bytes. */
export const MAX_NAMES = 12 * 1024 * 1024;

const MIB = 1024 * 1024;

/** Unpacked and hashed at some 15 ms a MiB: above a half of it a request needs more than its usual 30 s of CPU time. Bytes. */
const MAX_UNPACKED = 2_048 * MIB;

/** A small file may well unpack to this. Bytes. */
const ALWAYS = 64 * MIB;

/** No wheel or sdist of code comes near to it. */
const MAX_RATIO = 50;

/** What a file of `size` bytes may unpack to, in bytes. */
export const unpackedLimit = (size: number) => Math.max(ALWAYS, Math.min(MAX_UNPACKED, MAX_RATIO * size));

export const unpacksTooFar = (limit: number) =>
  new Faulty(
    `unpacks to more than ${Math.floor(limit / MIB)} MiB`,
    `take out what does not belong into it: ${MAX_UNPACKED / MIB} MiB can be checked, and ${MAX_RATIO} times the file's own size`,
  );

export const tooManyMembers = () =>
  new Faulty(`has more than ${MAX_MEMBERS} members, or too long names`, "split it into several projects");
