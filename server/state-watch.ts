import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MINUTE } from "../worker/duration.ts";
import { isStorageFull, messageOf } from "../worker/errors.ts";
import { orDiskFull } from "./disk-full.ts";
import { checkRoom } from "./objects/room.ts";
import { NO_MORE_FILES } from "./open-files.ts";
import { sameFileAt } from "./sqlite/same-file.ts";

/** How often it looks by itself. Milliseconds. */
const EVERY = MINUTE;

const GONE =
  "The state directory is not there any more. Bring it, or the disk that it is on, back to where it was; if clients still get 503 then, start the server anew.";
const FORBIDDEN = "The state directory may not be written. Make all files in it writable to the user of this server.";
const REPLACED =
  "Files of the state directory were moved, deleted or replaced while the server runs. Uploads and other changes are refused until they are back. Bring back what was there, or start the server anew with what is there now.";

const FULL =
  "The disk of the state directory is full. Make room on it: df says how many bytes are free, df -i how many files it still takes.";
const NEARLY_FULL =
  "The disk of the state directory is nearly full: files of upstreams are not stored any more. Make room on it: df says how many bytes are free, df -i how many files it still takes.";

/** What is to be done, by the system's code. */
const SENTENCES: Readonly<Record<string, string>> = {
  ENOENT: GONE,
  ENOTDIR: GONE,
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  EROFS:
    "The disk of the state directory is read-only. Systems do that after a fault: stop the server, check the disk, mount it writable, and start the server again.",
  EMFILE: NO_MORE_FILES,
  ENFILE: NO_MORE_FILES,
};

interface Parts {
  /** The state directory. */
  readonly state: string;
  /** The files in it that stay open, and that are there now. */
  readonly open?: readonly string[];
  /** Takes a sentence when trouble begins, changes or ends. */
  readonly log: (line: string) => void;
  /** Writes a small file and deletes it; rejects with the system's error. */
  readonly probe?: (file: string) => Promise<void>;
}

/** Looks whether the state directory can be written. */
export class StateWatch {
  readonly #folder: string;
  readonly #log: (line: string) => void;
  readonly #probe: (file: string) => Promise<void>;
  readonly #areSame: readonly (() => boolean)[];
  readonly #timer: NodeJS.Timeout;
  #known: string | undefined;

  constructor({ state, open = [], log, probe = writeAndDelete }: Parts) {
    // What is left here is deleted at the next start.
    this.#folder = join(state, "partial");
    this.#log = log;
    this.#probe = probe;
    this.#areSame = open.map(sameFileAt);
    this.#timer = setInterval(() => void this.trouble(), EVERY);
    this.#timer.unref();
  }

  /** What is wrong now and what to do, in a sentence; undefined where nothing is. Does not reject. */
  async trouble(): Promise<string | undefined> {
    const found = await this.#look();
    if (found !== this.#known) this.#log(found ?? "The state directory can be used again.");
    this.#known = found;
    return found;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<string | undefined> {
    try {
      await orDiskFull(() => this.#probe(join(this.#folder, "probe")));
    } catch (error) {
      if (isStorageFull(error)) return FULL;
      const code = String((error as NodeJS.ErrnoException).code);
      return SENTENCES[code] ?? `The state directory cannot be written: ${messageOf(error)}.`;
    }
    if (!this.#areSame.every((isSame) => isSame())) return REPLACED;
    try {
      await checkRoom(this.#folder);
      return undefined;
    } catch (error) {
      // The room cannot be read, but the file above was written.
      return isStorageFull(error) ? NEARLY_FULL : undefined;
    }
  }
}

async function writeAndDelete(file: string): Promise<void> {
  await writeFile(file, "This file is written to see whether that is possible.\n");
  await rm(file, { force: true });
}
