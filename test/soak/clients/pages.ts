import { gunzipSync } from "node:zlib";
import type { Random } from "../../fuzz/random.ts";
import { HIDDEN } from "../content.ts";
import { bearer, type Heard, type World } from "../world.ts";

const JSON_TYPE = "application/vnd.pypi.simple.v1+json";
const TYPES = [JSON_TYPE, "text/html", "application/vnd.pypi.simple.v1+html, text/html;q=0.5", "*/*"];

/** A file as a page lists it. */
export interface Listed {
  readonly filename: string;
  readonly sha256: string;
  readonly url: string;
  readonly isYanked: boolean;
}

/** Asks for a page of the upstream's, in one of the forms that clients ask for. */
export async function askPage(world: World, random: Random): Promise<void> {
  const project = random.pick(world.projects.filter((name) => name !== HIDDEN));
  const isTeam = random.oneIn(4);
  const path = `${isTeam ? "/team" : ""}/simple/${project}/`;
  const headers = {
    accept: random.pick(TYPES),
    ...(random.oneIn(2) && { "accept-encoding": "gzip" }),
    ...(isTeam && bearer(world.reader)),
  };
  const heard = await world.ask(path, { headers });
  const listed = readListed(world, heard, [200, 503]);
  if (listed) checkMirrored(world, heard, project, listed);
  const { etag } = heard.headers;
  if (etag === undefined || !random.oneIn(3)) return;
  const again = await world.ask(path, { headers: { ...headers, "if-none-match": etag } });
  if (again.status !== 304) readListed(world, again, [200, 503]);
}

/** Asks for a name that the upstream does not have. */
export async function askUnknown(world: World, random: Random): Promise<void> {
  const path = `/simple/soak-unknown-${random.below(50)}/`;
  world.expect(await world.ask(path), [404, 503]);
}

/** Asks for the root listing. */
export async function askListing(world: World, random: Random): Promise<void> {
  const accept = random.pick(TYPES);
  const heard = await world.ask("/simple/", { headers: { accept, "accept-encoding": "gzip" } });
  if (!world.expect(heard, [200, 503]) || heard.status !== 200) return;
  const text = plain(world, heard);
  const missing = world.projects.filter((name) => text !== undefined && !text.includes(name));
  if (missing.length > 0) world.violated(heard, "all projects", `without ${missing.join(", ")}`);
}

/** Asks for the JSON API of a project. */
export async function askDocument(world: World, random: Random): Promise<void> {
  const project = random.pick(world.projects);
  const heard = await world.ask(`/pypi/${project}/json`);
  if (!world.expect(heard, [200, 503]) || heard.status !== 200) return;
  const { urls } = JSON.parse(heard.body.toString()) as { urls: { filename: string; digests: { sha256: string } }[] };
  for (const { filename, digests } of urls) {
    const known = world.fileNamed(filename)?.sha256;
    if (known !== digests.sha256) world.violated(heard, `${filename} with ${known}`, digests.sha256);
  }
}

/** The name that the team hosts has none of the upstream's files in the team's index, whatever the upstream does. */
export async function askHidden(world: World): Promise<void> {
  const heard = await world.ask(`/team/simple/${HIDDEN}/`, { headers: { accept: JSON_TYPE, ...bearer(world.reader) } });
  for (const { filename } of readListed(world, heard, [200]) ?? []) {
    if (world.fileNamed(filename)) world.violated(heard, "only what is hosted", `${filename} of the upstream`);
  }
}

/**
 * The files that a page lists; undefined where it did not come. A violation where the answer's status is none of
 * these, or a whole answer cannot be read.
 */
export function readListed(world: World, heard: Heard, statuses: readonly number[]): Listed[] | undefined {
  if (!world.expect(heard, statuses) || heard.status !== 200) return undefined;
  const text = plain(world, heard);
  if (text === undefined) return undefined;
  try {
    return /json/.test(heard.headers["content-type"] ?? "") ? jsonFiles(text) : htmlFiles(text);
  } catch {
    world.violated(heard, "a page", text.slice(0, 200));
    return undefined;
  }
}

function plain(world: World, heard: Heard): string | undefined {
  try {
    return (heard.headers["content-encoding"] === "gzip" ? gunzipSync(heard.body) : heard.body).toString();
  } catch {
    world.violated(heard, "sound gzip", `${heard.body.byteLength} bytes that are not`);
    return undefined;
  }
}

function jsonFiles(text: string): Listed[] {
  const { files } = JSON.parse(text) as {
    files: { filename: string; url: string; hashes: { sha256: string }; yanked?: string | boolean }[];
  };
  return files.map(({ filename, url, hashes: { sha256 }, yanked = false }) => {
    return { filename, url, sha256, isYanked: yanked !== false };
  });
}

function htmlFiles(text: string): Listed[] {
  if (!/<\/html>\s*$/.test(text)) throw new Error("It has no end.");
  return [...text.matchAll(/<a\s([^>]*)>([^<]*)<\/a>/g)].map(([, attributes = "", filename = ""]) => {
    const [, url = "", sha256 = ""] = /href="([^"#]*)#sha256=([0-9a-f]{64})"/.exec(attributes) ?? [];
    return { filename, url, sha256, isYanked: attributes.includes("data-yanked") };
  });
}

/** A page of the upstream's lists its files, those of the beginning at least, with their digests. */
function checkMirrored(world: World, heard: Heard, project: string, listed: readonly Listed[]): void {
  for (const { filename, sha256 } of listed) {
    const file = world.fileNamed(filename);
    if (file?.sha256 === sha256 && file.project === project) world.seen.add(file);
    else world.violated(heard, `a file of ${project} with its digest`, `${filename}, ${sha256}`);
  }
  for (const { filename } of world.content.first.filter((file) => file.project === project)) {
    if (!listed.some((file) => file.filename === filename)) world.violated(heard, `a page with ${filename}`, "without");
  }
}
