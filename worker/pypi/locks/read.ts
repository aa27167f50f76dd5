import { IndexError } from "../../errors.ts";
import { assertFiles, assertPackages } from "./limits.ts";
import type { Lock, Locked } from "./lock.ts";
import { readPdm } from "./pdm.ts";
import { readPipfile } from "./pipfile.ts";
import { readPoetry } from "./poetry.ts";
import { readPylock } from "./pylock.ts";
import { readRequirements } from "./requirements.ts";
import { decodeLock, shown, type LockText } from "./text.ts";
import { readUv } from "./uv.ts";

const KINDS: readonly (readonly [RegExp, (text: LockText) => Locked[]])[] = [
  // uv names the lock of a script after it.
  [/^(?:uv|.+\.py)\.lock$/, readUv],
  [/^poetry\.lock$/, readPoetry],
  [/^pdm(?:\..+)?\.lock$/, readPdm],
  [/^Pipfile\.lock$/, readPipfile],
  // PEP 751: other names than the default carry an identifier without dots.
  [/^pylock\.(?:[^.]+\.)?toml$/, readPylock],
  [/\.(?:txt|in)$/, readRequirements],
];

/**
 * Reads a lock file, of the format that the last segment of its name says.
 *
 * @param filename `uv.lock`, `poetry.lock`, `pdm.lock`, `Pipfile.lock`, `pylock.toml`, `requirements.txt` and the like
 * @returns every package that it takes from an index, for whatever environment; markers are not looked at
 * @throws `unprocessable` with a sentence that names the file, the line, what is wrong there and what to do: a name of no known
 *   kind, a text that is not UTF-8 or not of the format, a newer format, a requirement that is not pinned, more than 5,000
 *   packages or 100,000 files
 */
export function readLock(filename: string, bytes: Uint8Array): Lock {
  const name = shown(filename.split(/[/\\]/).at(-1));
  const read = KINDS.find(([pattern]) => pattern.test(name))?.[1];
  if (!read) {
    throw new IndexError(
      "unprocessable",
      `${JSON.stringify(name)} is not a lock file's name: uv.lock, poetry.lock, pdm.lock, Pipfile.lock, pylock.toml and requirements (.txt, .in) can be read.`,
    );
  }
  const locked = read(decodeLock(name, bytes));
  assertPackages(name, locked.length);
  const packages = locked.filter((each) => typeof each !== "string");
  assertFiles(
    name,
    packages.reduce((count, { files, digests }) => count + files.length + digests.length, 0),
  );
  return { packages, elsewhere: locked.filter((each) => typeof each === "string") };
}
