import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { openFetch } from "../../server/fetch/fetch.ts";
import { IndexError, messageOf, withoutStop } from "../../worker/errors.ts";
import { upstreamUrl } from "../../worker/pypi/file-url.ts";
import { asProjectName, type ProjectName } from "../../worker/pypi/name.ts";
import { upstreamValue, verifiableDigest, type FileEntry } from "../../worker/pypi/page.ts";
import { matcher } from "../../worker/pypi/pattern.ts";
import type { Upstream } from "../../worker/repository/ports/upstream.ts";
import { inPool } from "../../worker/repository/pool.ts";
import { UpstreamClient } from "../../worker/upstream/client.ts";
import { simpleAt } from "../../worker/upstream/upstream.ts";
import { removeDirectory, temporaryDirectory } from "../demo/leftovers.ts";
import { CommandError, usageError } from "../lib/command-error.ts";
import { proxiesOfEnvironment } from "../lib/environment-proxies.ts";
import type { FileToSend } from "../upload/send.ts";
import { carriedAttestations } from "./carried-attestations.ts";
import { UnusableFile, type LeftOut, type SourceContent, type SourceFile } from "./source.ts";

/** Pages that are read at the same time. */
const PAGES = 4;

/** An index that is migrated from, while `close` has not been called. */
export interface SourceIndex {
  readonly content: SourceContent;
  close(): Promise<void>;
}

/**
 * Reads an index by the Simple API: JSON or HTML, with Basic credentials of the URL or of `login`.
 *
 * @param root its address, as installers are given it
 * @param projects names, or patterns for which the root listing is read
 * @param login `user:password`
 * @param advice what to do where the index refuses to be read
 * @throws CommandError where the root listing cannot be read, or has no such project
 */
export async function filesAtIndex(
  root: URL,
  projects: readonly string[],
  login: string | undefined,
  advice = "name its user and password in PYPI_EDGE_SOURCE_LOGIN, as user:password",
): Promise<SourceIndex> {
  const { fetch, close } = openFetch({ proxyFor: proxiesOfEnvironment() });
  const why: Why = (error) => whyUnread(error, root, advice);
  try {
    const client = new UpstreamClient(fetch, withoutLogin(root), Date.now, { credentials: loginIn(root) ?? login });
    const index = simpleAt(withoutLogin(root), client);
    const names = await namesOf(index, projects);
    const pages = await inPool(PAGES, names, (name) => filesOf(index, name, why));
    const content = { files: pages.flatMap(({ files }) => files), leftOut: pages.flatMap(({ leftOut }) => leftOut) };
    return { content, close };
  } catch (error) {
    await close();
    throw error instanceof CommandError ? error : new CommandError(why(error));
  }
}

/** Says why something of an index cannot be read, as a sentence. */
type Why = (error: unknown) => string;

/** As `Why`, without a failure's own sentence: that is a server's to its clients. */
function whyUnread(error: unknown, { host }: URL, advice: string): string {
  const { answered, reason }: Partial<IndexError> = error instanceof IndexError ? error : {};
  if (answered === 401 || answered === 403) return `${host} answered ${answered}: ${advice}.`;
  return reason === undefined ? messageOf(error) : `${withoutStop(reason)}.`;
}

/** The address of the root listing: it ends with a slash, and has no credentials. */
function withoutLogin(root: URL): URL {
  const clean = new URL(root);
  clean.username = clean.password = clean.hash = "";
  if (!clean.pathname.endsWith("/")) clean.pathname += "/";
  return clean;
}

const loginIn = ({ username, password }: URL): string | undefined =>
  username === "" && password === "" ? undefined : `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;

/** The projects that are wanted. The root listing is read only where a pattern needs it. */
async function namesOf(index: Upstream, projects: readonly string[]): Promise<ProjectName[]> {
  const named = projects.filter((each) => !each.includes("*")).map(projectNamed);
  const patterns = projects.filter((each) => each.includes("*")).map(matcher);
  const names = new Set(named);
  if (patterns.length > 0) {
    const listing = await index.names({});
    for await (const batch of listing.kind === "names" ? listing.entries : [])
      for (const { name } of batch) if (patterns.some((match) => match(name))) names.add(name);
  }
  if (names.size === 0) throw new CommandError("The index lists no project that --project matches.");
  return [...names].toSorted();
}

function projectNamed(text: string): ProjectName {
  const name = asProjectName(text);
  if (name) return name;
  throw usageError(`--project ${text} is not the name of a project, and has no * in it.`);
}

async function filesOf(index: Upstream, name: ProjectName, why: Why): Promise<SourceContent> {
  const left = (reason: string, outcome: LeftOut["outcome"]): SourceContent => ({
    files: [],
    leftOut: [{ filename: "", from: name, outcome, reason }],
  });
  try {
    const answer = await index.page(name, {});
    if (answer.kind !== "page") return left("The index has no such project.", "refused");
    return { files: answer.page.files.map((entry) => sourceFile(index, entry, why)), leftOut: [] };
  } catch (error) {
    return left(`Its page cannot be read: ${why(error)}`, "failed");
  }
}

function sourceFile(index: Upstream, entry: FileEntry, why: Why): SourceFile {
  const { filename, hashes, yanked } = entry;
  const url = upstreamUrl(entry);
  return {
    filename,
    from: url.origin + url.pathname,
    size: upstreamValue(entry, "size"),
    sha256: hashes["sha256"],
    ...(yanked !== undefined && yanked !== false && { yanked: yanked === true ? "" : yanked }),
    async onDisk(use) {
      const folder = temporaryDirectory();
      try {
        return await use(await download(index, entry, folder, why));
      } finally {
        removeDirectory(folder);
      }
    },
  };
}

/** The file in a folder, as its page describes it. Throws `UnusableFile` where it cannot be had, or is another one. */
async function download(index: Upstream, entry: FileEntry, folder: string, why: Why): Promise<FileToSend> {
  const { filename, hashes } = entry;
  const digest = verifiableDigest(hashes);
  const ref = { filename, part: "file" } as const;
  const path = join(folder, filename);
  const hash = createHash(digest?.algorithm ?? "sha256");
  let size = 0;
  const count = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk);
      size += chunk.byteLength;
      done(null, chunk);
    },
  });
  const answer = await index
    .file(upstreamUrl(entry), { headOnly: false, ref, unverified: digest === undefined })
    .catch((error: unknown) => {
      throw new UnusableFile(why(error), { cause: error });
    });
  if (!answer?.body) throw new UnusableFile("The index lists it, and does not have it.");
  try {
    await pipeline(answer.body, count, createWriteStream(path));
  } catch (error) {
    throw new UnusableFile(`It did not arrive whole: ${messageOf(error)}.`, { cause: error });
  }
  const own = hash.digest("hex");
  if (digest && digest.hex !== own)
    throw new UnusableFile(`It has the ${digest.algorithm} ${own}, and its page says ${digest.hex}.`);
  const modified = answer.modifiedAt === undefined ? undefined : new Date(answer.modifiedAt).toISOString();
  const uploadedAt = upstreamValue(entry, "upload-time") ?? modified;
  const attest = entry.provenance === undefined ? undefined : () => carriedAttestations(index, entry);
  return { path, filename, size, uploadedAt, attest };
}
