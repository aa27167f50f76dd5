import { statfsSync } from "node:fs";
import { CommandError } from "../lib/command-error.ts";

/** File systems of other machines, by the number that Linux gives them (statfs(2)). */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "SMB"],
  [0xfe534d42, "SMB"],
  [0x5346414f, "AFS"],
]);

/**
 * Refuses a directory on another machine's disk: SQLite's WAL needs memory that all who use a file share, and locks that
 * hold; files would be damaged there.
 *
 * @param directory it exists
 * @param typeOf the number of its file system
 * @throws CommandError
 */
export function refuseNetworkDisk(directory: string, typeOf = (path: string) => statfsSync(path).type): void {
  // Other systems have other numbers.
  if (process.platform !== "linux") return;
  const name = NETWORK.get(typeOf(directory) >>> 0);
  if (name === undefined) return;
  throw new CommandError(
    `The state directory ${directory} is on a network file system (${name}), where SQLite's files get damaged. Choose a directory on a disk of this machine with --state DIR.`,
  );
}
