import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { open, rename, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { memberPath, type CarriedMember } from "../../schema/carried.ts";
import { syncFolder } from "../../server/objects/folders.ts";
import { CommandError } from "../lib/command-error.ts";
import type { Journal } from "./journal.ts";
import { placesIn, readVolume } from "./read-volume.ts";
import { BODY_OFFSET, bytesInTar, END_BYTES, fillerOf, tarHeader } from "./tar.ts";

/** A member to be written. */
export interface NewMember extends Pick<CarriedMember, "kind" | "key" | "size"> {
  /** What its bytes must have; undefined: whatever they have. Lower-case hex. */
  readonly sha256?: string | undefined;
}

/** A member's bytes were not those that were announced: nothing of it was written. The message is a sentence. */
export class WrongBytes extends Error {}

/** The unfinished volume. */
interface OpenVolume {
  readonly handle: FileHandle;
  readonly number: number;
  /** Where the next member begins. */
  offset: number;
}

/**
 * Writes members into volumes, each of which is a tar. A member's header is written after its bytes, when its digest is right, and its
 * line in the journal after that: whatever is behind the last line does not count. A volume has its name when it is whole, is on
 * the disk and was read again.
 */
export class VolumeWriter {
  readonly #folder: string;
  readonly #limit: number;
  readonly #journal: Journal;
  readonly #sequence: number;
  readonly #written: Map<string, CarriedMember>;
  #volume: OpenVolume | undefined;

  private constructor(folder: string, limit: number, sequence: number, journal: Journal) {
    this.#folder = folder;
    this.#limit = limit;
    this.#journal = journal;
    this.#sequence = sequence;
    this.#written = new Map(journal.members.map((member) => [memberPath(member), member]));
  }

  /**
   * Goes on where the journal ends: what the unfinished volume has is read, and counts as far as it is right.
   *
   * @param limit a volume is finished before it would be larger than so many bytes; one member alone may be
   */
  static async open(folder: string, limit: number, sequence: number, journal: Journal): Promise<VolumeWriter> {
    const number = journal.volumes.length + 1;
    const path = join(folder, volumeName(sequence, number));
    // It was killed between the name and the journal's line.
    if (existsSync(path)) await rename(path, `${path}.part`);
    if (existsSync(`${path}.part`)) {
      const own = journal.members.filter(({ volume }) => volume === number);
      const { whole } = await readVolume(`${path}.part`, own, placesIn(own).size - END_BYTES);
      journal.keepMembers(journal.members.length - own.length + whole);
    } else journal.keepMembers(journal.members.filter(({ volume }) => volume < number).length);
    return new VolumeWriter(folder, limit, sequence, journal);
  }

  /** A member that this step has; undefined: it has none. */
  find(member: Pick<CarriedMember, "kind" | "key">): CarriedMember | undefined {
    return this.#written.get(memberPath(member));
  }

  /** Adds a member. Throws `WrongBytes`, and the errors of `chunks`; nothing is added then. */
  async add(member: NewMember, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const { kind, key, size } = member;
    const volume = await this.#roomFor(size);
    const start = volume.offset + BODY_OFFSET;
    const hash = createHash("sha256");
    let done = 0;
    for await (const chunk of chunks) {
      if (done + chunk.byteLength > size)
        throw new WrongBytes(`It has more than the ${size} bytes that it should have.`);
      hash.update(chunk);
      await writeAt(volume.handle, chunk, start + done);
      done += chunk.byteLength;
    }
    if (done !== size) throw new WrongBytes(`It ended after ${done} of ${size} bytes.`);
    const sha256 = hash.digest("hex");
    if (member.sha256 !== undefined && member.sha256 !== sha256)
      throw new WrongBytes(`It has the sha256 ${sha256}, and the index says ${member.sha256}.`);
    await writeAt(volume.handle, fillerOf(size), start + size);
    await writeAt(volume.handle, tarHeader(memberPath(member), size), volume.offset);
    volume.offset += bytesInTar(size);
    const added = { kind, key, size, sha256, volume: volume.number };
    this.#journal.addMember(added);
    this.#written.set(memberPath(added), added);
  }

  /** Finishes the last volume. */
  async end(): Promise<void> {
    if (this.#volume) await this.#finish(this.#volume);
    // What was begun before may wait for its end alone.
    else if (this.#unfinished().length > 0) await this.#finish(await this.#open());
  }

  /** Lets go of the files; what is not finished stays for another run. */
  async close(): Promise<void> {
    await this.#volume?.handle.close();
    this.#volume = undefined;
  }

  #unfinished(): readonly CarriedMember[] {
    const number = this.#journal.volumes.length + 1;
    return this.#journal.members.filter(({ volume }) => volume === number);
  }

  async #roomFor(size: number): Promise<OpenVolume> {
    const volume = this.#volume ?? (await this.#open());
    if (volume.offset === 0 || volume.offset + bytesInTar(size) + END_BYTES <= this.#limit) return volume;
    await this.#finish(volume);
    return this.#open();
  }

  async #open(): Promise<OpenVolume> {
    const number = this.#journal.volumes.length + 1;
    const path = join(this.#folder, `${volumeName(this.#sequence, number)}.part`);
    const handle = await open(path, existsSync(path) ? "r+" : "w+", 0o644);
    this.#volume = { handle, number, offset: placesIn(this.#unfinished()).size - END_BYTES };
    return this.#volume;
  }

  async #finish({ handle, number, offset }: OpenVolume): Promise<void> {
    const name = volumeName(this.#sequence, number);
    const path = join(this.#folder, name);
    const size = offset + END_BYTES;
    await handle.truncate(offset);
    await writeAt(handle, new Uint8Array(END_BYTES), offset);
    await handle.sync();
    await handle.close();
    this.#volume = undefined;
    const members = this.#unfinished();
    const { whole, sha256 } = await readVolume(`${path}.part`, members, size);
    if (whole < members.length)
      throw new CommandError(
        `${path}.part does not have the bytes that were written to it. Look at the disk, then run the command again: it goes on before the first member that is wrong.`,
      );
    await rename(`${path}.part`, path);
    await putNamesOnDisk(this.#folder);
    this.#journal.addVolume({ name, size, sha256 });
  }
}

/** A volume's name: those of different steps may lie in one folder. */
const volumeName = (sequence: number, number: number) =>
  `step-${String(sequence).padStart(4, "0")}-volume-${String(number).padStart(4, "0")}.tar`;

/** Writes all of `bytes` at a place: one call may write less. */
async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.byteLength - done, position + done);
    done += bytesWritten;
  }
}

/** Resolves once the names in a folder are on the disk, where its file system can say so: some of removable disks cannot. */
export async function putNamesOnDisk(folder: string): Promise<void> {
  await syncFolder(folder).catch((error: NodeJS.ErrnoException) => {
    if (!["EINVAL", "EPERM", "ENOTSUP"].includes(error.code ?? "")) throw error;
  });
}
