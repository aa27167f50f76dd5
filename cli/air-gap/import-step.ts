import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { memberPath, MEMBER_KINDS, type CarriedMember, type CarriedState } from "../../schema/carried.ts";
import { inPool } from "../../worker/repository/pool.ts";
import { CommandError } from "../lib/command-error.ts";
import { fileErrorText } from "../../server/file-errors.ts";
import type { CarriedApi } from "./carried-api.ts";
import type { FoundStep } from "./found-steps.ts";
import { placesIn, wrongHeader, type PlacedMember } from "./read-volume.ts";
import { BODY_OFFSET } from "./tar.ts";

/** Members that are sent at the same time. */
const AT_ONCE = 4;

/** Bytes of one read. */
const CHUNK = 256 * 1024;

/** What came of a step. */
export interface ImportedStep {
  readonly sequence: number;
  /** Members that were sent, and their bytes. */
  readonly sent: number;
  readonly bytes: number;
  /** The volume that is to be had next; undefined: the step is whole. */
  readonly next: string | undefined;
}

interface NumberedMember extends CarriedMember {
  /** As the API counts them; the first is 1. */
  readonly number: number;
}

/**
 * Sends what is missing of a step, in its order, from the volumes that are there.
 *
 * @param show called after each member; `done` and `of` in bytes
 * @throws CommandError where a volume is not the manifest's, or the server refuses something
 */
export async function importStep(
  { manifest, text, sha256, signature, find }: FoundStep,
  api: CarriedApi,
  show: (done: number, of: number, text: string) => void,
): Promise<ImportedStep> {
  const { sequence, volumes } = manifest;
  const before = await api.state();
  const result = { sequence, sent: 0, bytes: 0 };
  if (isThere(before, manifest.chain, sequence, sha256)) return { ...result, next: undefined };
  const missing = missingOf(await api.begin(text, signature), sha256);
  const members = manifest.members.map((member, at): NumberedMember => ({ ...member, number: at + 1 }));
  const total = members.reduce((sum, member) => sum + (missing(member.number) ? member.size : 0), 0);
  /** Another import may send the same step, and end it first. */
  async function unlessEnded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const isRefused = error instanceof CommandError && error.status === 409;
      if (!isRefused || !isThere(await api.state(), manifest.chain, sequence, sha256)) throw error;
    }
  }

  for (const [at, volume] of volumes.entries()) {
    const { places, size } = placesIn(members.filter((member) => member.volume === at + 1));
    const wanted = places.filter(({ member }) => missing(member.number));
    if (wanted.length === 0) continue;
    const found = await find(volume.name);
    if (!found) return { ...result, next: volume.name };
    if (found.size !== volume.size || size !== volume.size)
      throw new CommandError(
        `${found.path} has ${found.size} bytes, and the manifest says ${volume.size}: it is not whole, or another file. Copy it again.`,
      );
    for (const kind of MEMBER_KINDS)
      await inPool(
        AT_ONCE,
        wanted.filter(({ member }) => member.kind === kind),
        async (place) => {
          await unlessEnded(() => sendMember(found.path, place, api));
          result.sent += 1;
          result.bytes += place.member.size;
          show(result.bytes, total, memberPath(place.member));
        },
      );
  }
  await unlessEnded(() => api.done());
  return { ...result, next: undefined };
}

/** Whether a step was imported before. Of the last one the manifest's digest is known. */
function isThere(state: CarriedState, chain: string, sequence: number, sha256: string): boolean {
  if (state.chain !== chain) return false;
  return sequence === state.sequence ? state.manifest === sha256 : sequence < state.sequence;
}

/** Whether a member is missing, by its number. */
function missingOf({ open: begun, source }: CarriedState, sha256: string): (number: number) => boolean {
  if (begun?.manifest !== sha256)
    throw new CommandError(`${source} did not begin this step. Is that a current version?`);
  return (number) => begun.missing.some(([first, last]) => first <= number && number <= last);
}

/** Sends a member, and compares its header and its bytes with the manifest. */
async function sendMember(
  path: string,
  { member, offset }: PlacedMember<NumberedMember>,
  api: CarriedApi,
): Promise<void> {
  const hash = createHash("sha256");
  const wrong = wrongHeader(await headerAt(path, offset), member);
  if (wrong !== undefined) throw tampered(path, wrong);
  let failure: unknown;
  const read = { ended: false };
  try {
    await api.put(member.number, bytesOf(path, offset + BODY_OFFSET, member.size, hash, read), member.size);
  } catch (error) {
    failure = error;
  }
  const own = read.ended ? hash.digest("hex") : member.sha256;
  if (own !== member.sha256)
    throw tampered(path, `${memberPath(member)} has the sha256 ${own}, and the manifest says ${member.sha256}`);
  if (failure !== undefined) throw failure;
}

const tampered = (path: string, why: string) =>
  new CommandError(`${basename(path)} was changed or is damaged: ${why}. Copy it again from where it was exported.`);

async function headerAt(path: string, offset: number): Promise<Uint8Array> {
  try {
    const handle = await open(path);
    try {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(BODY_OFFSET), 0, BODY_OFFSET, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${fileErrorText(error)}.`);
  }
}

/** The bytes of a member as they are needed. `read.ended` is set once all were read. */
async function* bytesOf(
  path: string,
  start: number,
  size: number,
  hash: Hash,
  read: { ended: boolean },
): AsyncGenerator<Uint8Array> {
  const end = start + size - 1;
  try {
    for await (const chunk of size === 0 ? [] : createReadStream(path, { start, end, highWaterMark: CHUNK })) {
      hash.update(chunk as Buffer);
      yield chunk as Buffer;
    }
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${fileErrorText(error)}.`);
  }
  read.ended = true;
}
