import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { WitnessSource } from "../../../cli/demo/witness.ts";
import { buildWheel, type Wheel } from "../../../cli/demo/wheel.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { incompressible } from "../../support/node/fake-index/content.ts";
import type { Rig } from "../../support/node/rig.ts";
import { Team, upload, type Hosted } from "../../support/node/team.ts";

/** For each kill before the answer, so many may be tried: others come too late. */
const MOST = 1.8;

/** Each in its turn: a large upload is mostly transfer, a small one mostly transaction. Bytes. */
const SIZES = [20_000, 20_000_000, 200_000];

const seed = Number(process.env["KILL_SEED"] ?? Date.now() % 1_000_000);

/**
 * Kills the server at random moments of uploads, and looks at what is there afterwards.
 *
 * @param where names the server in the summary
 * @param kills so many have to come before the answer
 * @param open starts pypi-edge
 */
export function killTest(where: string, kills: number, open: (source: WitnessSource) => Promise<Rig>): void {
  let rig: Rig;
  let team: Team;
  let token: string;
  beforeAll(async () => {
    rig = await open(fakeIndex([], () => "pypi"));
    team = new Team(rig);
    token = await team.token({ scopes: ["upload"] });
  });
  afterAll(() => rig?.close());

  test(`a server that is killed at ${kills} random moments of uploads has each file whole or not at all, and what it confirmed`, async ({
    task,
  }) => {
    const random = numbers(seed);
    const seen = { nothing: 0, whole: 0, confirmed: 0 };
    // How long an upload of each size takes, at best.
    const lasting = new Map<number, number>();
    for (const [at, size] of SIZES.entries())
      lasting.set(size, (await timed(await wheelOf(`warmup${at}`, size))).lasted);

    for (let round = 0; round < kills * MOST && seen.nothing + seen.whole < kills; round++) {
      const size = SIZES[round % SIZES.length] ?? 0;
      const wheel = await wheelOf(`round${round}`, size);
      const delay = random() * (lasting.get(size) ?? 0);
      const what = `KILL_SEED=${seed}, round ${round}: ${size} bytes, killed after ${delay.toFixed(1)} ms`;

      const answer = upload(team.legacy(), token, wheel).then(
        ({ status, said }) => (status === 200 ? "confirmed" : said),
        () => "cut",
      );
      await new Promise((resolve) => setTimeout(resolve, delay));
      await rig.kill();
      const heard = await answer;
      await rig.start();

      const files = await hosted(wheel, what);
      const isThere = files.length > 0;
      expect(["confirmed", "cut"], what).toContain(heard);
      expect([heard, isThere], what).not.toEqual(["confirmed", false]);
      if (isThere) expectWhole(files, wheel, what);
      seen[heard === "confirmed" ? "confirmed" : isThere ? "whole" : "nothing"] += 1;

      const again = await timed(wheel);
      expect([again.status, again.said.includes("already")], `${what}: ${again.said}`).toEqual([200, isThere]);
      if (!isThere) lasting.set(size, Math.min(again.lasted, lasting.get(size) ?? Infinity));
      expectWhole(await hosted(wheel, what), wheel, what);
    }

    const { nothing, whole, confirmed } = seen;
    task.meta.summary = `${where} killed at random moments of uploads (KILL_SEED=${seed}), ${nothing} times nothing was there afterwards, ${whole} times the whole file though no client had been told; another ${confirmed} times it was there, as had been confirmed before the kill.`;
    expect(nothing + whole, task.meta.summary).toBe(kills);
    expect(nothing, task.meta.summary).toBeGreaterThan(0);
  }, 1_800_000);

  function hosted({ project }: Wheel, what: string): Promise<Hosted[]> {
    return team.hosted(project).catch((cause: unknown) => {
      throw new Error(`${what}: ${String(cause)}`, { cause });
    });
  }

  async function timed(wheel: Wheel) {
    const begun = performance.now();
    const answer = await upload(team.legacy(), token, wheel);
    return { ...answer, lasted: performance.now() - begun };
  }
}

function wheelOf(name: string, size: number): Promise<Wheel> {
  return buildWheel({ name, version: "1.0", files: { [`${name}/payload.bin`]: incompressible(size) } });
}

function expectWhole(files: readonly Hosted[], { filename, sha256 }: Wheel, what: string): void {
  const found = files.map(({ bytes, ...file }) => [
    file.filename,
    file.sha256,
    createHash("sha256").update(bytes).digest("hex"),
  ]);
  expect(found, what).toEqual([[filename, sha256, sha256]]);
}

/** Numbers from 0 to 1, the same for the same seed. */
function numbers(from: number): () => number {
  let count = 0;
  return () => createHash("sha256").update(`${from} ${count++}`).digest().readUInt32BE() / 2 ** 32;
}
