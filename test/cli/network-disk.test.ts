import { expect, test } from "vitest";
import { refuseNetworkDisk } from "../../cli/serve/network-disk.ts";

const isLinux = process.platform === "linux";

test.skipIf(!isLinux).each([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "SMB"],
  // Where the system's number has a sign.
  [0xff534d42 - 2 ** 32, "SMB"],
  [0xfe534d42, "SMB"],
  [0x5346414f, "AFS"],
])("a state directory on a file system of type %i is refused, with a sentence", (type, name) => {
  expect(() => refuseNetworkDisk("/srv/state", () => type)).toThrow(
    `The state directory /srv/state is on a network file system (${name}), where SQLite's files get damaged. Choose a directory on a disk of this machine with --state DIR.`,
  );
});

test.each([
  ["ext4", 0xef53],
  ["xfs", 0x58465342],
  ["btrfs", 0x9123683e],
  ["tmpfs", 0x01021994],
  ["overlay", 0x794c7630],
])("one on %s is not", (_, type) => {
  expect(() => refuseNetworkDisk("/srv/state", () => type)).not.toThrow();
});
