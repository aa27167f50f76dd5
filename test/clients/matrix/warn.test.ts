import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { DAY, HOUR } from "../../../worker/duration.ts";
import { REFUSALS, REFUSED_CLIENTS, spaced } from "../../support/node/clients/refusals.ts";
import { Rig } from "../../support/node/rig.ts";
import { actor } from "../cast.ts";
import { dated } from "../dated.ts";

/** Each version has a module of its own. `letter` has only the young one. */
const WHEELS = [
  { name: "parcel", version: "1.0", files: { "parcel_old.py": "" } },
  { name: "parcel", version: "2.0", files: { "parcel_young.py": "" } },
  { name: "letter", version: "2.0" },
];

const SENTENCE =
  /parcel-2\.0-py3-none-any\.whl should not be used until [\d-]{10} [\d:]{5} UTC: index default admits files 3 days/;

const folder = temporaryDirectory();
let rig: Rig;
beforeAll(async () => {
  const config = join(folder, "warn.toml");
  const policy = 'min_age = "3d"\nmodes = { min_age = "warn" }\n';
  writeFileSync(config, `[vars.INDEXES.default]\nsources = ["pypi"]\n[vars.INDEXES.default.policy]\n${policy}`);
  const wheels = await Promise.all(WHEELS.map(buildWheel));
  rig = await Rig.open(dated(wheels, { "1.0": 40 * DAY, "2.0": HOUR }), "--config", config);
});
afterAll(async () => {
  await rig?.close();
  rmSync(folder, { recursive: true });
});

const WARNED = REFUSED_CLIENTS.flatMap((client) => {
  const { warned } = REFUSALS[client] ?? {};
  return warned === undefined ? [] : [{ ...actor(client), warned }];
});

test.for(WARNED)(
  "$name installs an older version than the one that is warned of",
  async ({ available, client }, { skip }) => {
    skip(!available);
    const { code, output } = await rig.install(client(), "parcel", ["parcel_old"]);
    expect(code, output).toBe(0);
    expect(spaced(output)).not.toMatch(SENTENCE);
  },
);

test.for(WARNED)(
  "$name installs a pinned version that is warned of, and prints of the warning: $warned",
  async ({ available, client, warned }, { skip }) => {
    skip(!available);
    const { code, output } = await rig.install(client(), "parcel==2.0", ["parcel_young"]);
    expect(code, output).toBe(0);
    const said = spaced(output);
    expect([SENTENCE.test(said), said]).toEqual([warned !== "nothing", expect.any(String)]);
  },
);

test.for((["pip", "uv-pip"] as const).map(actor))(
  "$name installs nothing of a project whose every version is warned of, unless one is pinned",
  async ({ available, client }, { skip }) => {
    skip(!available);
    expect((await rig.install(client(), "letter", [])).code).not.toBe(0);
    const { code, output } = await rig.install(client(), "letter==2.0", ["letter"]);
    expect(code, output).toBe(0);
  },
);
