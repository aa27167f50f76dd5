import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { carriedKey } from "../../schema/carried-keys.ts";
import type { CarriedManifest } from "../../schema/carried.ts";
import { byteSize } from "../../schema/mirror.ts";
import { listedEntries } from "../../schema/policy-entry.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import { sizeText } from "../../worker/pypi/size-text.ts";
import type { ReadManifest } from "../air-gap/chain.ts";
import type { Exported } from "../air-gap/export-step.ts";
import { readApiJson, sendRequest } from "../lib/admin-api.ts";
import { columns } from "../lib/columns.ts";
import { command, forServer, repeated } from "../lib/command.ts";
import { CommandError, EXIT_CODES, usageError } from "../lib/command-error.ts";
import { isFileError, writeErrorText } from "../../server/file-errors.ts";
import { counted } from "../../worker/pypi/counted.ts";
import { showProgress } from "../lib/progress.ts";
import { findServer, type ServerAccess } from "../lib/server-address.ts";
import type { LeftOut } from "../migrate/source.ts";
import { LOCK_FILES } from "../../worker/locks/formats/formats.ts";

/** Larger files do not fit on the file systems of many removable disks (FAT32). */
const VOLUME = "4GB";

/** `pypi-edge export`: writes a step of a chain, which `pypi-edge import` takes where no network reaches. */
export const exportCommand = () =>
  forServer(
    command(
      "export",
      "write what an index has into signed volumes, to be carried to an index that no network reaches",
      [
        ["pypi-edge export --new-key owner.pem", "once: makes the key, and prints its public half for the far index"],
        ["pypi-edge export step1 --index team --key owner.pem", "all that is uploaded and stored"],
        [
          "pypi-edge export step1 --index team --key owner.pem --lock uv.lock --platform manylinux_2_28_x86_64",
          "what a lock asks for",
        ],
        ["pypi-edge export step2 --index team --key owner.pem --since step1", "later: what is new"],
      ],
    ),
  )
    .argument("[folder]", "where the step is written; where it has one that is not whole, the export goes on")
    .option("--index <name>", "the index (default: default)")
    .option("--key <file>", "the key that signs: Ed25519, PKCS#8 in PEM")
    .option("--new-key <file>", "make a key, write it to this file, and print its public half; nothing else")
    .option("--lock <file>", `export what this asks for: ${LOCK_FILES}; may be repeated`, repeated)
    .option("--python <version>", "of a lock only files for this Python, such as 3.12")
    .option("--platform <tag>", "of a lock only files for this platform, such as manylinux_2_28_x86_64")
    .option("--project <pattern>", "without --lock: only these projects; * stands for any characters", repeated)
    .option("--since <step>", "the folder of the step before, or its manifest: only what is new is written")
    .option("--since-key <key>", "the public half of the key that has signed that step, where --key is another one")
    .option("--volume <size>", "a volume is at most so large; one file alone may be larger", VOLUME)
    .option("--advisories <file>", "also OSV's advisories: OSV's export, a ZIP archive")
    .action(async (folder, { newKey, ...options }) => {
      const { makeSigningKey } = await import("../air-gap/signing-key.ts");
      if (newKey === undefined) return exportTo(folder, options);
      const { publicText } = makeSigningKey(newKey);
      console.log(options.json ? JSON.stringify({ file: newKey, key: publicText }) : publicText);
      console.error(
        `${newKey} has the key: keep it here. The line above is for the source of the far index, as its key.`,
      );
    });

interface ExportOptions {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
  readonly state?: string | undefined;
  readonly json?: true | undefined;
  readonly index?: string | undefined;
  readonly key?: string | undefined;
  readonly lock?: string[] | undefined;
  readonly python?: string | undefined;
  readonly platform?: string | undefined;
  readonly project?: string[] | undefined;
  readonly since?: string | undefined;
  readonly sinceKey?: string | undefined;
  readonly volume: string;
  readonly advisories?: string | undefined;
}

async function exportTo(folder: string | undefined, options: ExportOptions): Promise<void> {
  const { index = "default", key: keyFile, lock = [], project = [], since, json } = options;
  if (folder === undefined) throw usageError("Name the folder that the step is written to.");
  if (keyFile === undefined)
    throw usageError("Name the key with --key FILE; pypi-edge export --new-key FILE makes one.");
  if (lock.length > 0 && project.length > 0) throw usageError("--project is for an export without --lock.");
  const limit = volumeSize(options.volume);
  const { readSigningKey } = await import("../air-gap/signing-key.ts");
  const key = readSigningKey(keyFile);
  const { chainId, exportStep, isWholeStep } = await import("../air-gap/export-step.ts");
  const { newChain, readChain, readStepManifest } = await import("../air-gap/chain.ts");
  if (since !== undefined && resolve(since) === resolve(folder)) throw usageError("--since names the folder itself.");
  const chain =
    since === undefined ? newChain(chainId()) : await readChain(since, [key.publicText, ...keysOf(options.sinceKey)]);
  const sameIndex = chain.manifests.every(({ manifest }) => manifest.index === index);
  if (!sameIndex)
    throw usageError(`${since} is a step of the index ${chain.manifests[0]?.manifest.index}, not of ${index}.`);
  if (await isWholeStep(folder)) {
    const { manifest } = await readStepManifest(join(folder, "manifest.json"));
    if (manifest.index !== index || manifest.before !== chain.before)
      throw new CommandError(`${folder} has another step: nothing was exported. Name another folder.`);
    console.error(
      `${folder} has this step already: nothing was exported. Name another folder for the next one, and this one with --since.`,
    );
    return print({ manifest, leftOut: [], waiting: 0 }, folder, json === true);
  }
  const advisories = await advisoriesOf(options.advisories);
  const server = await findServer(options);
  process.once("SIGINT", () => {
    console.error("Stopped. Run the command again: it goes on.");
    process.exit(EXIT_CODES.interrupted.code);
  });
  const { indexReader } = await import("../air-gap/index-reader.ts");
  const reader = indexReader(server, index);
  const { python, platform } = options;
  const wanted =
    lock.length > 0
      ? await (await import("../air-gap/locked-files.ts")).lockedFiles(lock, reader.simple, { python, platform })
      : await (await import("../air-gap/stored-here.ts")).storedHere(server, index, project, reader.simple);
  for (const remark of wanted.remarks) console.error(escaped(remark));
  const bar = showProgress(process.stderr);
  let exported: Exported;
  try {
    exported = await exportStep({
      reader,
      index,
      chain,
      wanted,
      advisories,
      lists: await listsOf(server, index, chain.find({ kind: "lists", key: "lists" }) !== undefined),
      asked: await askedDigest(options, chain.manifests),
      limit,
      key,
      folder,
      now: Date.now,
      show: (done, of, unit, text) => bar.show({ done, of, unit, text }),
    });
  } catch (error) {
    if (!isFileError(error)) throw error;
    throw new CommandError(`${folder} cannot be written: ${writeErrorText(error)}. Run the command again: it goes on.`);
  } finally {
    bar.end();
  }
  const { withReasons } = await import("../air-gap/refusals.ts");
  const leftOut = await withReasons(server, index, exported.leftOut);
  print({ ...exported, leftOut }, folder, json === true);
  console.error(`The far index has the key ${key.publicText}`);
  if (chain.signedBy !== null && chain.signedBy !== key.publicText)
    console.error("The step before has another key: give the far index this one before the step is imported.");
  const isLocked = lock.length > 0;
  if (isLocked && leftOut.length > 0)
    throw new CommandError(`The step is whole, but ${leftOut.length} of what the lock asks for is not in it.`);
}

function keysOf(sinceKey: string | undefined): readonly string[] {
  if (sinceKey === undefined) return [];
  if (carriedKey.safeParse(sinceKey).success) return [sinceKey];
  throw usageError("--since-key is a public key, such as ed25519:…, as pypi-edge export prints it.");
}

/** Bytes. `4G` is `4GB`. */
function volumeSize(text: string): number {
  const parsed = byteSize.safeParse(text.replace(/^(\d+)([MGT])$/, "$1$2B"));
  if (parsed.success) return parsed.data;
  throw usageError(`--volume ${text}: ${parsed.error.issues[0]?.message}.`);
}

async function advisoriesOf(file: string | undefined): Promise<Uint8Array | undefined> {
  if (file === undefined) return undefined;
  const { advisoryIndexOf } = await import("../lib/advisory-index.ts");
  const { file: bytes, unreadable } = await advisoryIndexOf(file);
  for (const id of unreadable) console.error(`${escaped(id)} cannot be read, and is left out.`);
  return bytes;
}

/**
 * The entries of the index's own policy as their member has them; undefined where the token may not read them, or there are none.
 *
 * @param evenNone whether entries were carried before, so that it counts that there are none now
 */
async function listsOf(server: ServerAccess, index: string, evenNone: boolean): Promise<Uint8Array | undefined> {
  try {
    const answer = await sendRequest(server, "GET", `policy/entries?${new URLSearchParams({ index })}`);
    const { value } = await readApiJson(server, listedEntries, answer);
    const entries = value.entries
      .filter(({ ended }) => !ended)
      .map(({ kind, what, reason, advisory, expires }) => ({ kind, what, reason, advisory, expires }))
      .toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
    return entries.length > 0 || evenNone ? new TextEncoder().encode(JSON.stringify({ entries })) : undefined;
  } catch (error) {
    if (!(error instanceof CommandError) || error.status !== 403) throw error;
    console.error("The token may not read the lists of the policy, so that they are not exported.");
    return undefined;
  }
}

/** A digest of all that decides what an export has. */
async function askedDigest(options: ExportOptions, chain: readonly ReadManifest[]): Promise<string> {
  const { index, python, platform, project, lock = [], advisories } = options;
  const files = [...lock, ...(advisories === undefined ? [] : [advisories])];
  const digests = await Promise.all(
    files.map(async (file) =>
      createHash("sha256")
        .update(await readFile(file))
        .digest("hex"),
    ),
  );
  const all = [index, python, platform, project, digests, chain.at(-1)?.sha256].map((each) => each ?? null);
  return createHash("sha256").update(JSON.stringify(all)).digest("hex");
}

function print({ manifest, leftOut, waiting }: Exported, folder: string, json: boolean): void {
  if (json) {
    const { chain, sequence, index, volumes = [], removed, members = [] } = manifest ?? {};
    console.log(
      JSON.stringify({ folder, index, chain, sequence, members: members.length, volumes, removed, leftOut, waiting }),
    );
  } else for (const line of columns(leftOut.map(rowOf))) console.log(line);
  if (!manifest)
    throw new CommandError(
      `${leftOut.filter(({ outcome }) => outcome === "failed").length} could not be had now, so that the step is not whole. Run the command again: it goes on.`,
    );
  if (!json) console.log(sentenceOf(manifest, folder));
  if (waiting > 0)
    console.error(
      `The step is full: ${counted(waiting, "project")} must wait for the next one. Export it now, with the same options and --since ${folder}.`,
    );
}

const rowOf = ({ outcome, from, filename, reason }: LeftOut) =>
  [outcome === "failed" ? "failed" : "not exported", from, filename, reason].map(escaped);

function sentenceOf({ index, sequence, members, volumes, removed }: CarriedManifest, folder: string): string {
  const ofKind = (kind: string) => members.filter((member) => member.kind === kind).length;
  const said = [
    counted(ofKind("file"), "file"),
    `${ofKind("metadata")} .metadata`,
    counted(ofKind("provenance"), "provenance"),
    counted(ofKind("page"), "page"),
    ...(removed.length > 0 ? [`${counted(removed.length, "project")} removed`] : []),
  ];
  const size = volumes.reduce((sum, volume) => sum + volume.size, 0);
  const amount = `${sizeText(size)} in ${counted(volumes.length, "volume")}`;
  return `${index}, step ${sequence}: ${said.join(", ")}; ${amount} in ${folder}.`;
}
