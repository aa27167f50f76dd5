import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Updater } from "tuf-js";
import type { TufMetadata } from "../../schema/trusted-root.ts";
import { SECOND } from "../../worker/duration.ts";
import { messageOf } from "../../worker/errors.ts";
import { parsedJson } from "../../worker/pypi/parsed-json.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import { removeDirectory, temporaryDirectory } from "../demo/leftovers.ts";
import { causeOf } from "../lib/admin-api.ts";
import { CommandError } from "../lib/command-error.ts";

/** The file that a repository of a sigstore has the trusted root in. */
const TARGET = "trusted_root.json";

/** Bytes: sigstore's trusted root has 7,000, and its metadata not many more. */
const BOUNDS = {
  timestampMaxLength: 16_384,
  snapshotMaxLength: 65_536,
  targetsMaxLength: 131_072,
  rootMaxLength: 131_072,
};

const MAX_TARGET = 128 * 1024;

/** What is known of a repository from the last time; at first its root alone. */
export type KnownMetadata = Pick<TufMetadata, "root"> & Partial<TufMetadata>;

/** What a repository has now. */
export interface FetchedRoot {
  readonly root: Readonly<Record<string, unknown>>;
  readonly metadata: TufMetadata;
}

/**
 * Fetches the trusted root of a TUF repository, and verifies it by what is known of the repository: signed by its keys, in
 * date, and in no part older.
 *
 * @param source the repository's address: its metadata lies there, and its files below `targets/`
 * @throws CommandError with a sentence for each of these that is not so, or where the repository does not answer
 */
export async function fetchTrustedRoot(source: string, known: KnownMetadata): Promise<FetchedRoot> {
  const folder = temporaryDirectory();
  const pathOf = (name: string) => join(folder, `${name}.json`);
  try {
    await Promise.all(Object.entries(known).map(([name, text]) => writeFile(pathOf(name), text ?? "")));
    const address = source.replace(/\/$/, "");
    const updater = new Updater({
      metadataDir: folder,
      metadataBaseUrl: address,
      targetDir: folder,
      targetBaseUrl: `${address}/targets`,
      config: { ...BOUNDS, fetchTimeout: 30 * SECOND, fetchRetry: 0 },
    });
    await updater.refresh();
    const target = await updater.getTargetInfo(TARGET);
    if (!target) throw new CommandError(`${source} has no ${TARGET}: it is no repository of a sigstore.`);
    if (target.length > MAX_TARGET)
      throw new CommandError(`The ${TARGET} of ${source} has ${target.length} bytes, and ${MAX_TARGET} are the most.`);
    const root = parsedJson(await readFile(await updater.downloadTarget(target), "utf8"));
    const [own, timestamp, snapshot] = await Promise.all(
      ["root", "timestamp", "snapshot"].map((name) => readFile(pathOf(name), "utf8")),
    );
    return {
      root: root as FetchedRoot["root"],
      metadata: { root: own ?? "", timestamp: timestamp ?? "", snapshot: snapshot ?? "" },
    };
  } catch (error) {
    throw error instanceof CommandError ? error : new CommandError(escaped(sentenceOf(source, error)));
  } finally {
    removeDirectory(folder);
  }
}

/** The library's errors lose their kind where it wraps them, so their messages tell them apart. */
const SENTENCES: readonly (readonly [RegExp, string])[] = [
  [/expired/i, "what it says has expired: it is not kept up, or is held back on its way"],
  [
    /less than current|Expected version|match (?:snapshot|timestamp)|Missing file/i,
    "it is older than what is known, or its parts do not fit",
  ],
  [/signed by|signature|no key|threshold|Missing key/i, "it is not signed by its keys"],
  [/length|hash|JSON|Unexpected|Expected '/i, "it is cut or changed"],
];

function sentenceOf(source: string, error: unknown): string {
  const { statusCode } = error as { readonly statusCode?: number };
  if (statusCode !== undefined) return `${source} answers with the status ${statusCode}. Nothing was changed.`;
  const message = messageOf(error);
  const why = SENTENCES.find(([pattern]) => pattern.test(message))?.[1];
  if (why === undefined) return `${source} could not be read (${causeOf(error)}). Nothing was changed.`;
  return `The trusted root of ${source} is refused: ${why} (${message}). Nothing was changed.`;
}
