import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  carriedManifest,
  MANIFEST_FILE,
  memberPath,
  SIGNATURE_FILE,
  type CarriedManifest,
  type CarriedMember,
} from "../../schema/carried.ts";
import { signerOf } from "../../schema/carried-keys.ts";
import { asProjectName, type ProjectName } from "../../worker/pypi/name.ts";
import { parsedJson } from "../../worker/pypi/parsed-json.ts";
import { CommandError } from "../lib/command-error.ts";
import { fileErrorText, folderErrorText } from "../../server/file-errors.ts";

/** A manifest as it lies on a disk. */
export interface ReadManifest {
  readonly manifest: CarriedManifest;
  readonly text: string;
  /** Of the text. Lower-case hex. */
  readonly sha256: string;
}

/** What the steps of a chain have carried until now. */
export interface ChainSoFar {
  readonly chain: string;
  /** The number of the next step. */
  readonly sequence: number;
  /** The key that has signed the last manifest, as `carriedKey` has it; null: there is none. */
  readonly signedBy: string | null;
  /** The digest of the last manifest; null: there is none. */
  readonly before: string | null;
  /** The manifests of all steps, the first one first. */
  readonly manifests: readonly ReadManifest[];
  /** The projects that the far index lists. */
  readonly projects: readonly ProjectName[];
  /** The last member of this kind and key that was carried, where it still counts; undefined: none. */
  find(member: Pick<CarriedMember, "kind" | "key">): CarriedMember | undefined;
}

/** The folder in which a step has the manifests of all steps before it. */
export const EARLIER = "earlier";

/** A manifest's name in it. */
export const earlierName = (sequence: number) => `step-${String(sequence).padStart(4, "0")}.json`;

/** A chain of which nothing was exported. `chain`: 32 hex digits, random. */
export const newChain = (chain: string): ChainSoFar => chainOf(chain, [], null);

/**
 * Reads the chain up to a step: its manifest, and those of the steps before it, which are beside it.
 *
 * @param place the folder of the step, or its manifest
 * @param keys public keys, one of which must have signed it
 * @throws CommandError where one is missing, or was changed
 */
export async function readChain(place: string, keys: readonly string[]): Promise<ChainSoFar> {
  const found = await stat(place).catch((error: unknown) => {
    throw new CommandError(`${place} cannot be read: ${folderErrorText(error)}.`);
  });
  const isFolder = found.isDirectory();
  if (isFolder && !existsSync(join(place, MANIFEST_FILE)))
    throw new CommandError(`${place} has no step: there is no ${MANIFEST_FILE} in it.`);
  const folder = isFolder ? place : dirname(place);
  const last = await readStepManifest(isFolder ? join(place, MANIFEST_FILE) : place);
  const signature = await readText(join(folder, SIGNATURE_FILE));
  const signedBy = await signerOf(new TextEncoder().encode(last.text), signature, keys);
  if (signedBy === undefined)
    throw new CommandError(
      `${place} was not signed with ${keys.join(" or ")}, or was changed. Where it was signed with an earlier key of yours, name that one's public half with --since-key.`,
    );
  const manifests = [last];
  for (let first = last; first.manifest.before !== null;) {
    const file = join(folder, EARLIER, earlierName(first.manifest.sequence - 1));
    const earlier = await readStepManifest(file);
    if (earlier.sha256 !== first.manifest.before)
      throw new CommandError(`${file} is not the manifest that step ${first.manifest.sequence} was exported after.`);
    manifests.unshift(earlier);
    first = earlier;
  }
  return chainOf(last.manifest.chain, manifests, signedBy);
}

function chainOf(chain: string, manifests: readonly ReadManifest[], signedBy: string | null): ChainSoFar {
  const members = new Map<string, CarriedMember>();
  for (const { manifest } of manifests) {
    for (const member of manifest.members) members.set(memberPath(member), member);
    for (const key of manifest.removed) members.delete(memberPath({ kind: "page", key }));
  }
  const projects = [...members.values()]
    .filter(({ kind }) => kind === "page")
    .flatMap(({ key }) => asProjectName(key) ?? []);
  return {
    chain,
    sequence: manifests.length + 1,
    signedBy,
    before: manifests.at(-1)?.sha256 ?? null,
    manifests,
    projects,
    find: (member) => members.get(memberPath(member)),
  };
}

/** Reads a manifest. Throws a `CommandError` where it cannot be read, or is none. */
export async function readStepManifest(file: string): Promise<ReadManifest> {
  const text = await readText(file);
  const json = parsedJson(text);
  const parsed = carriedManifest.safeParse(json);
  const sha256 = createHash("sha256").update(text).digest("hex");
  if (parsed.success) return { manifest: parsed.data, text, sha256 };
  const [member = "a member"] = parsed.error.issues[0]?.path ?? [];
  const fault = json === undefined ? "it is not JSON" : `its ${String(member)} is not as it must be`;
  throw new CommandError(`${file} is not the manifest of an export: ${fault}.`);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${fileErrorText(error)}.`);
  }
}
