/** A worker that reads cases with the product's own readers: `{reader, cases}` in, cases in base64, a reading of each out. */
import { IndexError, messageOf } from "../../worker/errors.ts";
import { parseCoreMetadata } from "../../worker/pypi/core-metadata.ts";
import { upstreamUrl } from "../../worker/pypi/file-url.ts";
import { asProjectName, parseProjectName } from "../../worker/pypi/name.ts";
import { compareVersions, normalVersion, parseVersion } from "../../worker/pypi/pep440.ts";
import { isSpecifierSet } from "../../worker/pypi/specifiers.ts";
import { Cursor } from "../../worker/publishing/inspect/cursor.ts";
import { InvalidDistribution } from "../../worker/publishing/inspect/invalid-distribution.ts";
import { gunzip } from "../../worker/publishing/inspect/gunzip.ts";
import { inspect } from "../../worker/publishing/inspect/inspect.ts";
import { checkPath } from "../../worker/publishing/inspect/member-path.ts";
import { stagedChunks } from "../../worker/publishing/inspect/staged-chunks.ts";
import { readTar } from "../../worker/publishing/inspect/sdist/tar.ts";
import { readDirectory, type WheelMember } from "../../worker/publishing/inspect/wheel/directory.ts";
import { readRecord } from "../../worker/publishing/inspect/wheel/record.ts";
import { projectCandidates } from "../../worker/pypi/filename.ts";
import { parseSdistFilename, sdistVersion } from "../../worker/pypi/sdist-name.ts";
import { parseWheelName } from "../../worker/pypi/wheel-name.ts";
import { contentOf, RangedArchive } from "../../worker/repository/ranged-archive.ts";
import { parseHtml } from "../../worker/upstream/parse-html.ts";
import { stagedOf } from "../support/release.ts";

/** No case comes near to it. */
const LIMIT = 64 * 1024 * 1024;

/** One that the product refuses by giving nothing back. */
class Refused extends Error {}

const refuse = (why: string): never => {
  throw new Refused(why);
};

const textOf = (bytes: Uint8Array) => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse("not UTF-8");
  }
};

/** Its members as they are read on, once the whole upload has been taken. */
async function sdist(bytes: Uint8Array) {
  const staged = stagedOf(bytes);
  await inspect("demo-1.0.tar.gz", staged);
  const members: string[][] = [];
  for await (const { member, content } of readTar(new Cursor(gunzip(stagedChunks(staged))), LIMIT)) {
    const { kind, path, target } = member;
    members.push([kind, path, target, kind === "file" ? (await content()).toBase64() : ""]);
  }
  return members;
}

async function wheel(bytes: Uint8Array) {
  const staged = stagedOf(bytes);
  await inspect("demo-1.0-py3-none-any.whl", staged);
  const archive = new RangedArchive((range) => staged.read(range), await staged.read({ suffix: LIMIT }), 100, LIMIT);
  const { members } = await readDirectory(archive);
  const contents: [string, string][] = [];
  for (const [name, member] of members) {
    contents.push([name, (await contentOf(archive, member, name, LIMIT)).toBase64()]);
  }
  return contents;
}

function metadata(bytes: Uint8Array) {
  const { project, version, requiresPython } = parseCoreMetadata(bytes, "METADATA");
  return [project, version, requiresPython ?? null];
}

/** Of members without content: RECORD alone is looked at. */
function record(bytes: Uint8Array) {
  const end = bytes.indexOf(0x0a);
  const paths = pathsIn(textOf(bytes.subarray(0, end)));
  const members = new Map(paths.map((name) => [name, { ...EMPTY, name }]));
  const recorded = readRecord(bytes.subarray(end + 1), paths.at(-1) ?? "", members);
  return [...recorded].map(([path, { algorithm, hash }]) => [path, algorithm, hash]);
}

const EMPTY: Omit<WheelMember, "name"> = {
  isDirectory: false,
  offset: 0,
  compressedSize: 0,
  uncompressedSize: 0,
  compressionMethod: 0,
  flags: 0,
  crc32: 0,
};

/** Paths that a wheel's members may have; made smaller, a case may have anything in their place. */
function pathsIn(line: string): string[] {
  try {
    const paths = JSON.parse(line) as string[];
    for (const path of paths) checkPath(path);
    return paths;
  } catch (error) {
    return refuse(messageOf(error));
  }
}

async function html(bytes: Uint8Array) {
  const base = new URL("https://index.test/simple/demo/");
  const mayFetch = ({ protocol }: URL) => /^https?:$/.test(protocol);
  const page = parseHtml(bytes, parseProjectName("demo"), base, mayFetch).catch((error: unknown) =>
    refuse(messageOf(error)),
  );
  return (await page).files.map((entry) => ({
    filename: entry.filename,
    url: upstreamUrl(entry).href,
    hashes: entry.hashes,
    requiresPython: entry["requires-python"] ?? null,
    yanked: entry.yanked ?? null,
    metadata: entry["core-metadata"] ?? null,
  }));
}

function order(bytes: Uint8Array) {
  const [one, other, ...more] = textOf(bytes).split("\n").map(parseVersion);
  if (!one || !other || more.length > 0) return refuse("not two versions");
  return Math.sign(compareVersions(one, other));
}

function wheelName(bytes: Uint8Array) {
  const { project, version, tags } = parseWheelName(textOf(bytes));
  return [project, version, [...tags].toSorted()];
}

function sdistName(bytes: Uint8Array) {
  const filename = parseSdistFilename(textOf(bytes));
  // Its PKG-INFO says which of them it is.
  const named = projectCandidates(filename).flatMap((project) => {
    const version = sdistVersion(filename, project);
    return version === undefined ? [] : [[project, version]];
  });
  return named.length > 0 ? named : refuse("no version");
}

const READERS: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  sdist,
  wheel,
  metadata,
  record,
  html,
  version: (bytes) => normalVersion(textOf(bytes)) ?? refuse("no version"),
  order,
  name: (bytes) => asProjectName(textOf(bytes)) ?? refuse("no name"),
  specifiers: (bytes) => isSpecifierSet(textOf(bytes)) || refuse("no specifiers"),
  "wheel-name": wheelName,
  "sdist-name": sdistName,
};

async function read(reader: string, bytes: Uint8Array) {
  try {
    return { reading: await READERS[reader]?.(bytes) };
  } catch (error) {
    const isRefusal =
      error instanceof InvalidDistribution ||
      error instanceof Refused ||
      (error instanceof IndexError && error.kind === "bad-request");
    return isRefusal ? { refused: messageOf(error) } : { broken: String(error) };
  }
}

export default {
  async fetch(request: Request): Promise<Response> {
    const { reader, cases } = await request.json<{ reader: string; cases: string[] }>();
    const answers = [];
    for (const each of cases) answers.push(await read(reader, Uint8Array.fromBase64(each)));
    return Response.json(answers);
  },
};
