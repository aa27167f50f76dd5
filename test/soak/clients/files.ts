import type { Random } from "../../fuzz/random.ts";
import type { Distribution } from "../../support/node/fake-index/distribution.ts";
import { bearer, type Heard, type World } from "../world.ts";

/** Asks for a file of the upstream's in one of the ways that clients do. */
export async function askFile(world: World, random: Random): Promise<void> {
  const file = random.pick(world.published());
  const headers = random.oneIn(3) ? { "accept-encoding": "gzip" } : {};
  checkFile(world, await world.ask(world.pathOf(file), { headers, mayBreak: true }), file);
}

/** Several clients ask for one file at once, some of them slow, some leave. */
export async function askTogether(world: World, random: Random): Promise<void> {
  const file = random.oneIn(4) ? world.content.first[1] : random.pick(world.published());
  if (!file) return;
  const ways = [{}, {}, { pause: 100 }, { leaveAfter: 1 + random.below(file.bytes.byteLength) }];
  await Promise.all(
    ways.map(async (way) => checkFile(world, await world.ask(world.pathOf(file), { ...way, mayBreak: true }), file)),
  );
}

/** Asks for a file's head. */
export async function askHead(world: World, random: Random): Promise<void> {
  const file = random.pick(world.published());
  const heard = await world.ask(world.pathOf(file), { method: "HEAD" });
  if (!world.expect(heard, statusesOf(world, file)) || heard.status !== 200) return;
  const length = heard.headers["content-length"];
  if (length !== `${file.bytes.byteLength}`) world.violated(heard, `${file.bytes.byteLength} bytes`, `${length}`);
}

/** Asks for a part of a file. */
export async function askRange(world: World, random: Random): Promise<void> {
  const file = random.pick(world.published());
  const size = file.bytes.byteLength;
  const first = random.below(size + 100);
  const range = random.pick([`${first}-`, `${first}-${first + random.below(size)}`, `-${1 + random.below(size)}`]);
  const heard = await world.ask(world.pathOf(file), { headers: { range: `bytes=${range}` }, mayBreak: true });
  if (heard.status === 200) return checkFile(world, heard, file);
  if (!world.expect(heard, [206, 416, ...statusesOf(world, file)]) || heard.status !== 206) return;
  // A part that is passed on from the upstream is not verified, as SECURITY says: it is not checked here either.
  if (!/\bhit\b/.test(heard.headers["cache-status"] ?? "")) return;
  const [, start = "0", end = "0"] = /^bytes (\d+)-(\d+)\//.exec(heard.headers["content-range"] ?? "") ?? [];
  const wanted = file.bytes.subarray(Number(start), Number(end) + 1);
  if (!heard.body.equals(wanted)) world.violated(heard, `bytes ${start} to ${end} of ${file.filename}`, "other bytes");
}

/** Asks for the `.metadata` of a file. */
export async function askMetadata(world: World, random: Random): Promise<void> {
  const file = random.pick(world.published());
  const heard = await world.ask(`${world.pathOf(file)}.metadata`, { mayBreak: true });
  if (!world.expect(heard, statusesOf(world, file)) || heard.status !== 200) return;
  if (heard.sha256 !== file.metadataSha256) world.violated(heard, `SHA-256 ${file.metadataSha256}`, heard.sha256);
}

/** Asks for a file of the upstream's through the team's index. */
export async function askThroughTeam(world: World, random: Random): Promise<void> {
  const file = random.pick(world.content.first.slice(1));
  checkFile(
    world,
    await world.ask(`/team${world.pathOf(file)}`, { headers: bearer(world.reader), mayBreak: true }),
    file,
  );
}

/** A whole answer is the file; without a failure of the upstream it exists. */
export function checkFile(world: World, heard: Heard, file: Distribution): void {
  if (!world.expect(heard, statusesOf(world, file)) || heard.status !== 200) return;
  if (heard.sha256 !== file.sha256) {
    world.violated(heard, `SHA-256 ${file.sha256}`, `${heard.sha256}, ${heard.body.byteLength} bytes`);
  }
}

/** Where no page here has listed a new file yet, it may be unknown. 403: the upstream has spoiled a small one. */
function statusesOf(world: World, file: Distribution): number[] {
  return world.content.first.includes(file) || world.seen.has(file) ? [200, 403, 503] : [200, 403, 404, 503];
}
