import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { freePort } from "../../../cli/demo/process.ts";
import { startProduct, type Product } from "../../../cli/demo/product.ts";
import type { Wheel } from "../../../cli/demo/wheel.ts";
import { Witness } from "../../../cli/demo/witness.ts";
import { keyAt } from "../../../server/objects/key-path.ts";
import { faultsInState } from "../../soak/state.ts";
import { pypiEdge } from "../../support/node/command.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { wheelOf } from "./kills/kill.ts";

// KILLS makes them fewer, or more.
const KILLS = Number(process.env["KILLS"] ?? 20);
const PATIENCE = 600_000;
const SIZES = [20_000, 300_000, 4_000_000];

const folder = temporaryDirectory();
const state = join(folder, "state");
let wheels: Wheel[];
let witness: Witness;
let product: Product | undefined;

beforeAll(async () => {
  wheels = await Promise.all(Array.from({ length: 12 }, (_, at) => wheelOf(`kept${at}`, SIZES[at % 3] ?? 0)));
  witness = await new Witness(fakeIndex(wheels, () => "pypi")).start();
});
afterAll(async () => {
  await product?.stop();
  await witness?.stop();
  removeDirectory(folder);
});

const edge = (...words: string[]) => pypiEdge([...words, "--state", state], folder);

const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** The mirrored wheels on the disk: their paths by their names. */
function onDisk(): Map<string, string> {
  const root = join(state, "objects");
  const paths = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    paths.flatMap(({ parentPath, name }) => {
      const path = join(parentPath, name);
      const key = keyAt(path.slice(root.length + 1))?.key ?? "";
      return key.startsWith("file/") ? [[key.split("/").at(-1) ?? "", path] as const] : [];
    }),
  );
}

/** While no server runs: flips a bit of one file, cuts one, deletes one, and forgets the row of one. */
function damage(round: number): Set<string> {
  const files = [...onDisk()].toSorted(([one], [other]) => (one < other ? -1 : 1));
  const at = (step: number) => files[(round * 5 + step * 3) % files.length] ?? ["", ""];
  const [flipped, cut, gone, rowless] = [at(0), at(1), at(2), at(3)];
  const bytes = readFileSync(flipped[1]);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  writeFileSync(flipped[1], bytes);
  if (cut[1] !== flipped[1]) writeFileSync(cut[1], readFileSync(cut[1]).subarray(0, 500));
  if (gone[1] !== flipped[1]) rmSync(gone[1], { force: true });
  const db = new DatabaseSync(join(state, "database.sqlite"));
  db.prepare("DELETE FROM object WHERE key LIKE ?1").run(`file/%${rowless[0]}`);
  db.close();
  return new Set([flipped[0], cut[0]]);
}

/** Files with other bytes than the upstream's. */
const wrongOnDisk = () =>
  [...onDisk()].flatMap(([name, path]) => {
    const wheel = wheels.find(({ filename }) => filename === name);
    return digestOf(readFileSync(path)) === wheel?.sha256 ? [] : [name];
  });

/** What the API answers about the verification, which a POST begins or has go on. */
async function asked(method: "GET" | "POST"): Promise<{ ended: string | null }> {
  const token = readFileSync(join(state, "admin-token"), "utf8").trim();
  const answer = await fetch(new URL("/-/api/mirror/verification", product?.index), {
    method,
    headers: { Authorization: `Bearer ${token}` },
    ...(method === "POST" && { body: '{"repair":true}' }),
  });
  return ((await answer.json()) as { verification: { ended: string | null } }).verification;
}

/** How far the verification was when the server was killed. */
function noted(): { readonly ended: boolean; readonly repaired: number } {
  const db = new DatabaseSync(join(state, "database.sqlite"));
  const row = db
    .prepare(
      "SELECT ended_at IS NOT NULL AS ended, (SELECT sum(repaired) FROM mirror_finding) AS repaired FROM mirror_verification",
    )
    .get() as { ended: number; repaired: number | null } | undefined;
  db.close();
  return { ended: row?.ended === 1, repaired: row?.repaired ?? 0 };
}

/** Those that were damaged, and are not mended yet. */
const damaged = new Set<string>();

test(
  `a repair that is killed at ${KILLS} random moments ends in the same state, and never leaves wrong bytes of its own`,
  async ({ task }) => {
    const port = await freePort();
    const start = async () => (product = await startProduct(witness.index, state, { port }));
    await start();
    expect(await edge("mirror", "add", ...wheels.map(({ project }) => project))).toMatchObject({ code: 0 });
    expect(await edge("mirror", "run", "--wait")).toMatchObject({ code: 0 });
    await product?.stop();

    let lasting = 0;
    const seen = { before: 0, amid: 0, after: 0 };
    // The first is not killed: it says how long a repair takes.
    for (let kill = -1; kill < KILLS; kill++) {
      damage(kill + 1).forEach((name) => damaged.add(name));
      await start();
      const begun = performance.now();
      await asked("POST");
      if (kill === -1) {
        while ((await asked("GET")).ended === null) await sleep(10);
        lasting = performance.now() - begun;
      } else await sleep(Math.random() * lasting);
      await product?.kill();
      product = undefined;
      const { ended, repaired } = noted();
      seen[ended ? "after" : repaired > 0 ? "amid" : "before"] += 1;
      const wrong = wrongOnDisk();
      expect(
        wrong.filter((name) => !damaged.has(name)),
        `kill ${kill}`,
      ).toEqual([]);
      for (const name of damaged) if (!wrong.includes(name)) damaged.delete(name);
    }
    expect(seen.amid, JSON.stringify(seen)).toBeGreaterThan(0);

    await start();
    // The first goes on with what was broken off, in front of which there may be faults again.
    await edge("verify", "--upstream", "--repair");
    const repaired = await edge("verify", "--upstream", "--repair");
    expect(repaired).toMatchObject({ code: 0 });
    const { code, stdout } = await edge("verify", "--upstream", "--json");
    const { verification } = JSON.parse(stdout) as { verification: { objects: number; findings: object[] } };
    expect([code, verification.objects, verification.findings]).toEqual([0, 2 * wheels.length, []]);
    expect(await edge("mirror", "status")).toMatchObject({ output: expect.stringContaining("All of it is stored.") });
    await product?.stop();
    product = undefined;
    expect(wrongOnDisk()).toEqual([]);
    expect(onDisk().size).toBe(wheels.length);
    expect(faultsInState(state, 0)).toEqual([]);
    task.meta.summary = `A repair was killed at ${KILLS} random moments: ${seen.before} times before anything was mended, ${seen.amid} times amid it, ${seen.after - 1} times after its end. All ${wheels.length} files were right in the end.`;
  },
  PATIENCE,
);
