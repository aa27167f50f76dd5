import { afterEach, describe, expect, test } from "vitest";
import { reset } from "cloudflare:test";
import { DAY, HOUR, MINUTE, SECOND } from "../../worker/duration.ts";
import { Random } from "../fuzz/random.ts";
import { MirrorBehind } from "../support/behind.ts";
import { FakeFeed } from "../support/feed.ts";
import { filesOn, host, pageIn } from "../support/hosted.ts";
import { JSON_TYPE, Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

afterEach(() => reset());

/** One that shows just what its source has, one that holds files back, and one that hosts packages over that. */
const BASES = { plain: "", held: "/held", team: "/team" };
const INDEXES = {
  default: { sources: ["pypi"] },
  held: { sources: ["pypi"], policy: { min_age: "3d" } },
  team: { sources: ["held"], hosted: true, read: "anyone" },
};

/** An upstream that gives serials, on its pages, in its JSON and in its root listing, and whose change log may be followed. */
class World {
  readonly rig: Rig;
  readonly feed: FakeFeed;
  readonly #projects = new Map<string, { serial: number; files: Record<string, unknown>[] }>();

  constructor(followed: boolean) {
    this.rig = new Rig({ INDEXES, FEED: followed, PAGE_TTL: 600 });
    this.feed = new FakeFeed(this.rig.upstream);
    const { upstream } = this.rig;
    upstream.on(FakeUpstream.INDEX, ({ headers }) => {
      const projects = [...this.#projects].map(([name, { serial }]) => ({ name, "_last-serial": serial }));
      return answered({ meta: { "_last-serial": this.feed.serial }, projects }, this.feed.serial, headers);
    });
  }

  change(name: string): void {
    const { upstream, now } = this.rig;
    const files = this.#projects.get(name)?.files ?? [];
    const serial = this.feed.change(name);
    const filename = `${name}-${files.length + 1}.0.tar.gz`;
    const url = FakeUpstream.FILES + filename;
    files.push({
      filename,
      url,
      hashes: { sha256: "0".repeat(64) },
      size: 1,
      "upload-time": new Date(now).toISOString(),
    });
    this.#projects.set(name, { serial, files });
    const meta = { "api-version": "1.1", "_last-serial": serial };
    const page = { meta, name, files: [...files] };
    const releases = Object.fromEntries(files.map((file, at) => [`${at + 1}.0`, [file]]));
    const json = { info: { name, version: `${files.length}.0` }, last_serial: serial, releases, urls: [] };
    upstream.on(`${FakeUpstream.INDEX}${name}/`, ({ headers }) => answered(page, serial, headers));
    upstream.on(`https://upstream.test/pypi/${name}/json`, ({ headers }) => answered(json, serial, headers));
    for (const [at] of files.entries()) {
      const version = `${at + 1}.0`;
      const release = { ...json, info: { name, version }, urls: [] };
      upstream.on(`https://upstream.test/pypi/${name}/${version}/json`, ({ headers }) =>
        answered(release, serial, headers),
      );
    }
  }

  async minute(): Promise<void> {
    this.rig.wait(MINUTE);
    await this.rig.tick("* * * * *");
  }

  /** What an index shows of a project now. */
  async shown(base: string, name: string): Promise<readonly string[]> {
    return (filesOn(await pageIn(this.rig, base, name)) ?? []).map(String).toSorted();
  }
}

/** With the serial and an ETag that it answers 304 to. */
function answered(value: unknown, serial: number, headers: Headers): Response {
  const etag = `"${serial}"`;
  const own = { ETag: etag, "Content-Type": JSON_TYPE, "X-PyPI-Last-Serial": `${serial}` };
  return headers.get("If-None-Match") === etag
    ? new Response(null, { status: 304, headers: own })
    : new Response(JSON.stringify(value), { headers: own });
}

const hosted = (name: string, version: string) => host(name, `${name.replace("-", "_")}-${version}.tar.gz`);

const NAMES = ["one", "two", "three", "four"];

async function step(random: Random, world: World, mirrors: readonly MirrorBehind[]): Promise<void> {
  const { rig } = world;
  const kind = random.below(12);
  if (kind < 3) world.change(random.pick(NAMES));
  else if (kind < 5) for (const mirror of mirrors) await mirror.run();
  else if (kind < 6) await hosted(random.pick(["acme", "acme-two"]), `${random.below(1e6)}.0`);
  else if (kind < 7) await world.shown(random.pick(Object.values(BASES)), random.pick(NAMES));
  else if (kind < 8) await rig.get(`${random.pick(Object.values(BASES))}/simple/`);
  else if (kind < 9) await world.minute();
  else if (kind < 10) rig.restart();
  else if (kind < 11) rig.upstream.down = !rig.upstream.down;
  else rig.wait(random.pick([SECOND, MINUTE, 20 * MINUTE, 2 * HOUR, DAY]));
}

const SEEDS = Array.from({ length: 3 }, (_, nth) => nth);

describe.each(SEEDS)("whatever happens in between (seed %i)", (seed) => {
  test("a mirror behind an index misses no project, and no file that time admits", async () => {
    const random = new Random(seed);
    const world = new World(random.oneIn(2));
    const { rig } = world;
    for (const name of NAMES.slice(0, 3)) world.change(name);
    const bases = Object.values(BASES);
    const mirrors = bases.map((base) => new MirrorBehind(rig, base));
    for (let nth = 0; nth < 30; nth++) await step(random, world, mirrors);
    rig.upstream.down = false;
    // Without a further change: twice within an hour or two, and when all that is held has been admitted.
    for (const wait of [2 * HOUR, 2 * HOUR, 3 * DAY, 2 * HOUR]) {
      rig.wait(wait);
      for (const mirror of mirrors) await mirror.run();
    }
    for (const [at, base] of bases.entries()) {
      const names = [...NAMES, ...(base === "/team" ? ["acme", "acme-two"] : [])];
      for (const name of names) {
        expect([base, name, mirrors[at]?.has.get(name)?.files ?? []]).toEqual([
          base,
          name,
          await world.shown(base, name),
        ]);
      }
    }
  });
});
