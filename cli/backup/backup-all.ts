import { existsSync, readdirSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { backUp, isBackedUp, isBackupBegun } from "../../server/backup/backup.ts";
import type { Verified } from "../../server/backup/findings.ts";
import { isUnfinished, refuseForeign } from "../../server/carry-over/unfinished.ts";
import { repair } from "../../server/backup/repair.ts";
import { verifyFolder } from "../../server/backup/verify-folder.ts";
import { verifyState } from "../../server/backup/verify-state.ts";
import { makeFolder } from "../../server/make-folder.ts";
import { CommandError } from "../lib/command-error.ts";
import { MIGRATIONS } from "../lib/project-folder.ts";
import { moveAllIn } from "../moving/move-all.ts";
import { orCommandError } from "../serve/or-command-error.ts";
import { refuseNoState, whileLocked } from "../serve/state.ts";
import { pack, unpack } from "./tarball.ts";

/** A name that ends so is a tarball's; every other one is a folder's. */
const TARBALL = /\.tar$/;

/**
 * Writes a backup of a state directory, which a server may be using.
 *
 * @param mirror whether mirrored files, pages and documents are in it as well
 * @throws CommandError
 */
export async function backUpAll(state: string, target: string, mirror: boolean): Promise<Verified> {
  refuseNoState(state);
  const isTarball = TARBALL.test(target);
  const folder = isTarball ? `${target}.unfinished` : target;
  if (isTarball && existsSync(target)) throw isThere(target);
  if (!isTarball && isBackedUp(folder)) throw isThere(folder);
  if (existsSync(folder) && !statSync(folder).isDirectory())
    throw new CommandError(
      `${folder} is a file. Name a folder that does not exist yet, or a tarball, which ends in .tar.`,
    );
  if (!isBackupBegun(folder) && existsSync(folder) && !isOwnRest(folder))
    throw new CommandError(`${folder} is not empty. Name a folder that does not exist yet.`);
  return orCommandError(notEnded(`The backup ${target}`), async () => {
    makeFolder(folder, { mode: 0o700 });
    const verified = await backUp({ state, folder, migrations: MIGRATIONS, mirror });
    if (isTarball) {
      await pack(folder, target);
      await rm(folder, { recursive: true });
    }
    return verified;
  });
}

const isThere = (target: string) =>
  new CommandError(
    `${target} is a backup already, and is not written again. Name another one, with the day for example.`,
  );

/** Whether a folder has nothing but what a run of this command leaves that was broken off. */
const isOwnRest = (folder: string) =>
  isBackedUp(folder) || readdirSync(folder).every((name) => name.startsWith("snapshot.sqlite.new"));

/**
 * Restores a backup in a new state directory, which no server takes before that has come to its end.
 *
 * @throws CommandError, also where the backup is damaged
 */
export async function restoreAll(from: string, state: string): Promise<Verified> {
  if (!existsSync(from)) throw new CommandError(`There is no ${from}. Name the folder or the tarball of a backup.`);
  const isTarball = !statSync(from).isDirectory();
  const folder = isTarball ? `${state}.unpacked` : from;
  return orCommandError(notEnded(from), async () => {
    // Before anything is unpacked. What was begun is looked at afterwards: it must be of the same backup.
    if (!isUnfinished(state)) await refuseForeign(folder, state);
    const restored = () => restoreFolder(from, folder, state);
    return isTarball ? await unpacked(from, folder, restored) : await restored();
  });
}

/** Unpacks a tarball into a folder for as long as `use` takes: a run that goes on unpacks it again. */
async function unpacked<Result>(tarball: string, folder: string, use: () => Promise<Result>): Promise<Result> {
  try {
    await unpack(tarball, folder);
    return await use();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function restoreFolder(from: string, folder: string, state: string): Promise<Verified> {
  if (isBackupBegun(folder))
    throw new CommandError(`${folder} has only a part of a backup. Run the backup again, which goes on with it.`);
  if (!existsSync(join(folder, "move"))) throw new CommandError(`${from} is no backup: it has no folder "move".`);
  const { findings } = await verifyFolder(folder, { isNew: false });
  if (findings.length > 0)
    throw new CommandError(
      `${from} is damaged, and nothing was restored. Use another backup, or another copy of this one:\n${findings
        .map(({ subject, fault }) => `  ${subject} ${fault}.`)
        .join("\n")}`,
    );
  await moveAllIn(folder, state);
  return verifyState(state);
}

/** Verifies a backup's folder. Throws a `CommandError` where it is none. */
export async function verifyBackup(folder: string): Promise<Verified> {
  if (!existsSync(join(folder, "move")))
    throw new CommandError(
      `${folder} is no folder of a backup: it has no folder "move". Unpack a tarball with tar -xf.`,
    );
  return orCommandError(notEnded(folder), () => verifyFolder(folder, { isNew: false }));
}

interface Repaired extends Verified {
  /** What was found before the repair. */
  readonly repaired: Verified["findings"];
}

/**
 * Verifies a state directory.
 *
 * @param isRepaired whether to mend what can be mended; no server may use the directory then
 * @throws CommandError
 */
export async function verifyAll(state: string, isRepaired: boolean): Promise<Repaired> {
  refuseNoState(state);
  return orCommandError(notEnded(state), async () => {
    if (!isRepaired) return { ...(await verifyState(state)), repaired: [] };
    return whileLocked(state, async () => {
      const before = await verifyState(state);
      if (before.findings.some(({ kind }) => kind === "database-damaged")) return { ...before, repaired: [] };
      await repair(state, MIGRATIONS, before.findings);
      const after = await verifyState(state);
      const left = new Set(after.findings.map(({ subject }) => subject));
      return { ...after, repaired: before.findings.filter(({ subject }) => !left.has(subject)) };
    });
  });
}

const notEnded = (what: string) => ({
  notDone: `${what} did not come to its end`,
  again: "Run the command again.",
});
