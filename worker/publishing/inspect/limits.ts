import { InvalidDistribution } from "./invalid-distribution.ts";

/** The limit of a ZIP archive without ZIP64. */
export const MAX_MEMBERS = 65_535;

/** Limit for all members' names together, which are kept in memory. */
export const MAX_NAME_BYTES = 12 * 1024 * 1024;

const MIB = 1024 * 1024;

/**
 * Limit for any file. Unpacking and hashing takes about 15 ms per MiB: from half of this on, a request needs more CPU
 * time than the usual 30 s.
 */
const MAX_UNPACKED_BYTES = 2_048 * MIB;

/** Every file may unpack to this, however small it is. */
const ALWAYS_ALLOWED_BYTES = 64 * MIB;

/** Wheels and sdists with code in them stay far below this ratio. */
const MAX_RATIO = 50;

/** How many bytes a file of `size` bytes may unpack to. */
export const unpackedLimit = (size: number) =>
  Math.max(ALWAYS_ALLOWED_BYTES, Math.min(MAX_UNPACKED_BYTES, MAX_RATIO * size));

export const unpacksTooFar = (limit: number) =>
  new InvalidDistribution(
    `unpacks to more than ${Math.floor(limit / MIB)} MiB`,
    `remove what does not belong in it: it may unpack to at most ${MAX_UNPACKED_BYTES / MIB} MiB and ${MAX_RATIO} times its own size`,
  );

export const tooManyMembers = () =>
  new InvalidDistribution(`has more than ${MAX_MEMBERS} members, or too long names`, "split it into several projects");
