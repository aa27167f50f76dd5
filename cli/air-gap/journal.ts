import { appendFileSync, closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, rmSync } from "node:fs";
import type { CarriedManifest, CarriedMember } from "../../schema/carried.ts";
import { parsedJson } from "../../worker/pypi/parsed-json.ts";
import { CommandError } from "../lib/command-error.ts";
import { fileErrorText } from "../../server/file-errors.ts";

/** What an export decides when it begins, and keeps until it is whole. */
export interface BegunStep extends Pick<CarriedManifest, "index" | "chain" | "sequence" | "before" | "at" | "serial"> {
  /** The digest of all that was asked for: another export must not go on with this one. */
  readonly asked: string;
}

export type VolumeLine = CarriedManifest["volumes"][number];

type Line =
  | { readonly begun: BegunStep }
  | { readonly member: CarriedMember }
  | { readonly volume: VolumeLine }
  /** The members of the last volume count only up to this number. */
  | { readonly keep: number }
  | { readonly file: string; readonly sha256: string };

/**
 * The journal of an export that is not whole: a line for each thing that is done, written after it. A line that was cut off does not
 * count. It is of this disk and this command alone, and deleted when the manifest is written.
 */
export class Journal {
  readonly #file: string;
  #begun: BegunStep | undefined;
  #members: CarriedMember[] = [];
  readonly #volumes: VolumeLine[] = [];
  readonly #digests = new Map<string, string>();

  /** Opens it, also where there is none. Throws a `CommandError` where it cannot be read. */
  constructor(file: string) {
    this.#file = file;
    let text = "";
    try {
      text = readFileSync(file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT")
        throw new CommandError(`${file} cannot be read: ${fileErrorText(error)}.`);
      return;
    }
    const end = text.lastIndexOf("\n") + 1;
    if (end < text.length) truncate(file, Buffer.byteLength(text.slice(0, end)));
    for (const line of text
      .slice(0, end)
      .split("\n")
      .filter((each) => each !== "")) {
      const parsed = parsedJson(line) as Line | undefined;
      if (!parsed) throw new CommandError(`${file} is damaged. Delete the folder, and export again.`);
      this.#take(parsed);
    }
  }

  get begun(): BegunStep | undefined {
    return this.#begun;
  }

  get members(): readonly CarriedMember[] {
    return this.#members;
  }

  /** The volumes that are finished, the first one first. */
  get volumes(): readonly VolumeLine[] {
    return this.#volumes;
  }

  begin(begun: BegunStep): void {
    this.#write({ begun });
  }

  addMember(member: CarriedMember): void {
    this.#write({ member });
  }

  addVolume(volume: VolumeLine): void {
    this.#write({ volume });
  }

  /** The SHA-256 of a file of which the index says none; undefined: it was not read. */
  digestOf(project: string, filename: string): string | undefined {
    return this.#digests.get(`${project}/${filename}`);
  }

  addDigest(project: string, filename: string, sha256: string): void {
    this.#write({ file: `${project}/${filename}`, sha256 });
  }

  /** Forgets all members after the first `count`. */
  keepMembers(count: number): void {
    if (count < this.#members.length) this.#write({ keep: count });
  }

  delete(): void {
    rmSync(this.#file, { force: true });
  }

  #write(line: Line): void {
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
    this.#take(line);
  }

  #take(line: Line): void {
    if ("begun" in line) this.#begun = line.begun;
    else if ("member" in line) this.#members.push(line.member);
    else if ("volume" in line) this.#volumes.push(line.volume);
    else if ("file" in line) this.#digests.set(line.file, line.sha256);
    else this.#members = this.#members.slice(0, line.keep);
  }
}

function truncate(file: string, size: number): void {
  const descriptor = openSync(file, "r+");
  try {
    ftruncateSync(descriptor, size);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
