import { setTimeout as sleep } from "node:timers/promises";
import { reasonOfAttestationRefusal } from "../../worker/publishing/attestation-refusal.ts";
import { inPool } from "../../worker/repository/pool.ts";
import { CommandError } from "../lib/command-error.ts";
import { RefusedUpload, RetryableFailure, type UploadApi } from "../upload/api.ts";
import { sendUpload, type FileToSend, type Sent } from "../upload/send.ts";
import type { TargetFile, TargetIndex } from "./target.ts";
import { UnusableFile, type LeftOut, type SourceFile } from "./source.ts";

/** Files that are sent at the same time: on Cloudflare each waits for a second until it has settled. */
const AT_ONCE = 4;

/** After so many failures without a success between them, the rest is left to another run. */
const MOST_FAILURES = 10;

/** What became of a file. `identical`: the index had it already. */
export type Migrated =
  | LeftOut
  | {
      readonly filename: string;
      readonly from: string;
      readonly outcome: "published" | "identical" | "would-publish";
      /** What a person has to look at; undefined: nothing. */
      readonly reason?: string | undefined;
      /** Bytes that were sent, or would be. */
      readonly sent: number;
    };

/** What has been done when a migration ends. */
export interface Progress {
  /** What became of each file that was tried, in their order. */
  readonly migrated: readonly Migrated[];
  /** How many files were not tried. */
  readonly left: number;
  /** The error for which it gave up; undefined: it did not. */
  readonly problem: unknown;
}

/** The means of a migration. */
export interface Migration {
  readonly api: UploadApi;
  readonly target: TargetIndex;
  readonly index: string;
  readonly keepTimes: boolean;
  /** Called after each file. */
  readonly show: (done: number, of: number, filename: string) => void;
}

/**
 * Uploads files, each as `pypi-edge upload` does. Files of one name are done one after the other, in their order: the
 * first one that is published has the name.
 *
 * It gives up where the rest would fail as well.
 */
export async function migrateAll(files: readonly SourceFile[], migration: Migration): Promise<Progress> {
  const { show } = migration;
  let done = 0;
  let failures = 0;
  return inTurns(
    files,
    (file) => migrate(file, migration),
    (migrated) => {
      show(++done, files.length, migrated.filename);
      failures = migrated.outcome === "failed" ? failures + 1 : 0;
      if (failures >= MOST_FAILURES)
        throw new CommandError(
          `${failures} files failed one after the other, the last one: ${"reason" in migrated ? migrated.reason : ""} Run the command again: files that are there are not sent again.`,
        );
    },
  );
}

/**
 * Does work for all files, several at once, but those of one name in turn. After an error no further work begins.
 *
 * @param after called with each result; what it throws is an error as those of `work` are
 */
export async function inTurns(
  files: readonly SourceFile[],
  work: (file: SourceFile) => Promise<Migrated>,
  after: (migrated: Migrated) => void,
): Promise<Progress> {
  const results: (Migrated | undefined)[] = files.map(() => undefined);
  const groups = Map.groupBy(files.entries(), ([, { filename }]) => filename);
  let problem: unknown;
  try {
    await inPool(AT_ONCE, [...groups.values()], async (group) => {
      for (const [at, file] of group) after((results[at] = await work(file)));
    });
  } catch (error) {
    problem = error;
  }
  const migrated = results.filter((each) => each !== undefined);
  return { migrated, left: files.length - migrated.length, problem };
}

async function migrate(source: SourceFile, migration: Migration): Promise<Migrated> {
  const { target } = migration;
  const { filename, from, sha256, yanked } = source;
  const known = { filename, from };
  try {
    // Where the source says the digest, what is there already is not even downloaded.
    const before = sha256 === undefined ? undefined : await target.find(filename);
    const isThere = before !== undefined && !before.isDeleted && before.sha256 === sha256;
    const { kind, sent, remark } = isThere
      ? { kind: "identical" as const, sent: 0 }
      : await source.onDisk((file) => send(file, migration));
    const advice = yanked === undefined ? undefined : await yank(isThere ? before : undefined, source, migration);
    const reasons = [remark, advice].filter((each) => each !== undefined);
    // It adds attestations to nothing that is there: `attested` is of another upload of the same file meanwhile.
    const outcome = kind === "attested" ? "identical" : kind;
    return { ...known, outcome, reason: reasons.length > 0 ? reasons.join(" ") : undefined, sent };
  } catch (error) {
    if (error instanceof RefusedUpload) return { ...known, outcome: "refused", reason: error.message };
    if (error instanceof UnusableFile || error instanceof RetryableFailure)
      return { ...known, outcome: "failed", reason: error.message };
    throw error;
  }
}

/** What was sent; `remark`: a sentence about what was left out. */
type Sending = Sent & { readonly remark?: string };

/** Sends a file with its attestations. Where that is refused, it is sent once more without: they may be of another sigstore. */
async function send(file: FileToSend, { api, index, keepTimes }: Migration): Promise<Sending> {
  const dated = keepTimes ? file : { ...file, uploadedAt: undefined };
  const means = { api, index, show: () => undefined, sleep };
  try {
    return await sendUpload(dated, means);
  } catch (error) {
    if (!(error instanceof RefusedUpload) || !file.attest) throw error;
    const sent = await sendUpload({ ...dated, attest: undefined }, means);
    return { ...sent, remark: `It was published without its provenance: ${reasonOfAttestationRefusal(error.message)}` };
  }
}

/** Yanks a file that is yanked at its source. Returns a sentence where that is left to a person. */
async function yank(
  before: TargetFile | undefined,
  { filename, yanked = "" }: SourceFile,
  { target, index }: Migration,
): Promise<string | undefined> {
  const file = before ?? (await target.find(filename, true));
  const advice = `It is yanked at its source, and not in ${index}`;
  if (!file) return `${advice}: the token may not read the index.`;
  if (file.isYanked) return undefined;
  try {
    await target.yank(file, filename, yanked);
    return undefined;
  } catch (error) {
    if (error instanceof CommandError) return `${advice}: ${error.message}`;
    throw error;
  }
}
