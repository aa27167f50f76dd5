import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, rmdirSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A disk of its own, in memory. */
export interface SmallDisk {
  readonly folder: string;
  /** Takes all room that is left but so many bytes. */
  fill(left?: number): void;
  /** Gives that room back. */
  makeRoom(): void;
  remove(): void;
}

/** Why this machine can have no such disk; undefined where it can. */
export const noSmallDisks = whyNot();

/** @param files how many files it takes; left out: many */
export function smallDisk(bytes: number, files?: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), "pypi-edge-disk-"));
  execFileSync("mount", [
    "-t",
    "tmpfs",
    "-o",
    `size=${bytes}${files === undefined ? "" : `,nr_inodes=${files}`}`,
    "tmpfs",
    folder,
  ]);
  const filler = join(folder, "filler");
  return {
    folder,
    fill(left = 0) {
      const { bavail, bsize } = statfsSync(folder);
      appendFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - left)));
    },
    makeRoom: () => rmSync(filler, { force: true }),
    remove() {
      execFileSync("umount", ["--lazy", folder]);
      rmdirSync(folder);
    },
  };
}

function whyNot(): string | undefined {
  if (process.platform !== "linux") return "only Linux has tmpfs";
  try {
    smallDisk(4096).remove();
    return undefined;
  } catch {
    return "only root may mount";
  }
}
