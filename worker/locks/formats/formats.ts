import type { LockEntry } from "./lock.ts";
import { readPdm } from "./pdm.ts";
import { readPipfile } from "./pipfile.ts";
import { readPixi } from "./pixi.ts";
import { readPoetry } from "./poetry.ts";
import { readPylock } from "./pylock.ts";
import { readRequirements } from "./requirements.ts";
import type { LockText } from "./text.ts";
import { readUv } from "./uv.ts";

/** A format of lock files. */
export interface LockFormat {
  /** Its files, as help texts and messages call them. */
  readonly called: string;
  /** What a file of it may be called, where that is not one name. */
  readonly example?: string;
  /** Matches the last segment of a file's name. */
  readonly filename: RegExp;
  /** The syntax of its text: it says where URLs begin and end. */
  readonly syntax: "toml" | "json" | "yaml" | "requirements";
  /** Matches a text of the format, and of no other. What it does not match may be of the format all the same. */
  readonly sign: RegExp;
  /** Throws `unprocessable` where the text is not of this format. */
  readonly read: (text: LockText) => LockEntry[];
}

/** A line with a pin, with or without extras. */
const PIN = /^[A-Za-z0-9][\w.-]*(?:\[[\w,. -]*\])? ?==/m;

/** All formats, for the worker and for the commands. */
export const FORMATS: readonly LockFormat[] = [
  // uv names a script's lock after the script.
  {
    called: "uv.lock",
    filename: /^(?:uv|.+\.py)\.lock$/,
    syntax: "toml",
    // Cargo's locks have a version as well.
    sign: /^version[ \t]*=[ \t]*\d[^\r\n]*\r?\n(?:revision[^\r\n]*\r?\n)?requires-python[ \t]*=/m,
    read: readUv,
  },
  {
    called: "poetry.lock",
    filename: /^poetry\.lock$/,
    syntax: "toml",
    sign: /^\[metadata\][^[]*^lock-version[ \t]*=/m,
    read: readPoetry,
  },
  {
    called: "pdm.lock",
    filename: /^pdm(?:\..+)?\.lock$/,
    syntax: "toml",
    sign: /^lock_version[ \t]*=/m,
    read: readPdm,
  },
  {
    called: "Pipfile.lock",
    filename: /^Pipfile\.lock$/,
    syntax: "json",
    sign: /"_meta"[ \t\r\n]*:/,
    read: readPipfile,
  },
  // PEP 751: a name other than `pylock.toml` contains an identifier without dots.
  {
    called: "pylock.toml",
    filename: /^pylock\.(?:[^.]+\.)?toml$/,
    syntax: "toml",
    // Before any table.
    sign: /^(?:[^[\n][^\n]*\n|\n)*lock-version[ \t]*=/,
    read: readPylock,
  },
  { called: "pixi.lock", filename: /^pixi\.lock$/, syntax: "yaml", sign: /^version:/m, read: readPixi },
  // Rye writes requirements as well.
  {
    called: "requirements.lock",
    example: "requirements.txt",
    filename: /^requirements(?:-dev)?\.lock$/,
    syntax: "requirements",
    sign: PIN,
    read: readRequirements,
  },
  {
    called: "compiled requirements as .txt or .in",
    example: "requirements.txt",
    filename: /\.(?:txt|in)$/,
    syntax: "requirements",
    sign: PIN,
    read: readRequirements,
  },
];

/** The files that can be read, as a list in a sentence. */
export const LOCK_FILES = new Intl.ListFormat("en", { type: "disjunction" }).format(
  FORMATS.map(({ called }) => called),
);

/** The format of a file of this name (its last segment); undefined where it is none that can be read. */
export const formatOf = (name: string) => FORMATS.find(({ filename }) => filename.test(name));
