import { basename } from "node:path";
import { readFile } from "node:fs/promises";
import { IndexError } from "../../worker/errors.ts";
import { foreignTo } from "../../worker/locks/formats/addresses.ts";
import { distinctPackages, fileChooser } from "../../worker/locks/formats/choose.ts";
import type { LockedPackage } from "../../worker/locks/formats/lock.ts";
import { narrowing, type Narrowing } from "../../worker/locks/formats/narrow.ts";
import { readLock } from "../../worker/locks/formats/read.ts";
import type { FileEntry, ProjectPage } from "../../worker/pypi/page.ts";
import { CommandError } from "../lib/command-error.ts";
import { fileErrorText } from "../../server/file-errors.ts";
import type { LeftOut } from "../migrate/source.ts";
import { pinText } from "./refusals.ts";
import type { Chosen, WantedFiles } from "./wanted.ts";

/** PyPI, of which locks name the files where an index stands on it. */
const PYPI = { url: new URL("https://pypi.org/simple/"), files: new URL("https://files.pythonhosted.org/") };

interface Narrowed {
  readonly python?: string | undefined;
  readonly platform?: string | undefined;
}

interface PinnedPackage {
  readonly lockName: string;
  readonly locked: LockedPackage;
}

/**
 * What lock files ask an index for: exactly the files that they name, or those of a version with one of the named digests, each
 * compared with the page.
 *
 * @param simple the index's Simple API
 * @throws CommandError where one cannot be read
 */
export async function lockedFiles(
  files: readonly string[],
  simple: URL,
  { python, platform }: Narrowed,
): Promise<WantedFiles> {
  const packages: PinnedPackage[] = [];
  const remarks: string[] = [];
  const narrowed = orError(() => narrowing(python, platform), "usage");
  const isForAll = python === undefined && platform === undefined;
  const foreign = foreignTo({ own: [simple], upstreams: [PYPI] });
  for (const file of files) {
    const bytes = await readFile(file).catch((error: unknown) => {
      throw new CommandError(`${file}: ${fileErrorText(error)}.`);
    });
    const lockName = basename(file);
    const lock = orError(() => readLock(lockName, new Uint8Array(bytes), foreign), "failed");
    packages.push(...distinctPackages(lock.packages).map((locked) => ({ lockName, locked })));
    if (lock.elsewhere.length > 0)
      remarks.push(
        `${file}: these come from no index, or from another one, and are not exported: ${lock.elsewhere.join(", ")}.`,
      );
  }
  const byName = Map.groupBy(packages, ({ locked }) => locked.name);
  return {
    projects: [...byName.keys()],
    remarks,
    choose: (page) => chosenOf(page, byName.get(page.name) ?? [], simple.href, { narrowed, isForAll }),
  };
}

interface Environment {
  readonly narrowed: Narrowing;
  /** Whether files for all Pythons and platforms are wanted. */
  readonly isForAll: boolean;
}

function chosenOf(
  page: ProjectPage,
  pinned: readonly PinnedPackage[],
  index: string,
  { narrowed, isForAll }: Environment,
): Chosen {
  const entries = new Set<FileEntry>();
  const leftOut: LeftOut[] = [];
  for (const { lockName, locked } of pinned) {
    const choose = fileChooser(page, page.name, { lockName, index });
    const chosen: FileEntry[] = [];
    const pin = pinText(locked);
    const leave = (what: string, reason: string) =>
      leftOut.push({ filename: what, from: page.name, outcome: "refused", reason });
    let missing = 0;
    for (const each of partsOf(locked, narrowed)) {
      try {
        chosen.push(...choose(each));
      } catch (error) {
        if (!(error instanceof IndexError)) throw error;
        missing += 1;
        leave(each.files[0]?.filename ?? pin, error.message);
      }
    }
    const fitting = narrowed(chosen);
    for (const entry of fitting) entries.add(entry);
    if (fitting.length === 0 && missing === 0) leave(pin, `No file of ${pin} fits.`);
    const unlisted = locked.digests.filter(
      ({ algorithm, hex }) => !chosen.some(({ hashes }) => hashes[algorithm] === hex),
    );
    // For one platform the others' files are not wanted, and a hash does not say whose it is.
    if (isForAll && chosen.length > 0 && unlisted.length > 0)
      leave(pin, `${unlisted.length} of its ${locked.digests.length} hashes are of no file that ${index} lists.`);
  }
  return { entries: [...entries], leftOut };
}

/**
 * The package as one for each of its files that fit, so that one file that is missing does not leave the others out. URLs are not
 * compared: the bytes are.
 */
function partsOf(locked: LockedPackage, narrowed: Narrowing): readonly LockedPackage[] {
  if (locked.files.length === 0) return [locked];
  return narrowed(locked.files).map((file) => ({ ...locked, files: [{ ...file, url: undefined }] }));
}

/** Runs an action that reads what the command line names. Throws a `CommandError` with its sentence, and with this ending. */
function orError<Result>(work: () => Result, ending: "failed" | "usage"): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof IndexError) throw new CommandError(error.message, ending);
    throw error;
  }
}
