import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { DAY, HOUR } from "../../../worker/duration.ts";
import { Place } from "../../support/node/clients/place.ts";
import { printedBy, REFUSALS, REFUSED_CLIENTS, spaced } from "../../support/node/clients/refusals.ts";
import { pypiEdge } from "../../support/node/command.ts";
import { paths, Rig } from "../../support/node/rig.ts";
import { zip } from "../../support/archive.ts";
import { actor } from "../cast.ts";
import { dated } from "../dated.ts";
import { LOCKERS, type UrlLock } from "../lockers.ts";

/** `parcel` has an old release, and one that was uploaded an hour ago; `letter` has only such a one. */
const WHEELS = [
  { name: "parcel", version: "1.0" },
  { name: "parcel", version: "2.0" },
  { name: "letter", version: "2.0" },
];
const AGES: Readonly<Record<string, number>> = { "1.0": 40 * DAY, "2.0": HOUR };

const SENTENCE = /-2\.0-py3-none-any\.whl is held until [\d-]{10} [\d:]{5} UTC: index default admits files 3 days/;

/** What a view says of a file. */
const LATER = /-2\.0-py3-none-any\.whl is held: it was uploaded at [\d-]{10} [\d:]{5} UTC, and index default\/@before=/;

/** Whether this is what the client prints of a refusal, according to the table. */
function expectPrinted(output: string, name: string, of: "locked" | "project", sentence = SENTENCE): void {
  const printed = printedBy(name, of);
  if (printed === undefined) throw new Error(`test/support/node/clients/refusals.ts does not say what ${name} prints.`);
  const said = spaced(output);
  const isSaid = printed === "sentence" ? sentence.test(said) : said.includes(printed.words);
  expect([isSaid, said]).toEqual([true, expect.any(String)]);
}

const folder = temporaryDirectory();
const config = join(folder, "guard.toml");

/** Writes the configuration that the next start reads. */
function configure(policy: string): void {
  writeFileSync(config, `[vars.INDEXES.default]\nsources = ["pypi"]\n${policy}`);
}

const MALWARE = /-2\.0-py3-none-any\.whl is refused: it is malware, MAL-2026-1\. Do not install it\./;

/** OSV's export, of one record. */
async function loadAdvisories(): Promise<void> {
  const affected = [{ package: { ecosystem: "PyPI", name: "parcel" }, versions: ["2.0"] }];
  const content = JSON.stringify({ id: "MAL-2026-1", affected });
  writeFileSync(join(folder, "all.zip"), await zip([{ name: "MAL-2026-1.json", content }]));
  const { code, output } = await rig.command("osv", "load", join(folder, "all.zip"));
  expect(code, output).toBe(0);
}

const GUARD = '[vars.INDEXES.default.policy]\nmin_age = "3d"\n';

let rig: Rig;
beforeAll(async () => {
  const wheels = await Promise.all(WHEELS.map(buildWheel));
  configure(GUARD);
  rig = await Rig.open(dated(wheels, AGES), "--config", config);
});
afterAll(async () => {
  await rig?.close();
  rmSync(folder, { recursive: true });
});

/** Starts the server again, with another policy over the same stores. */
async function restartWith(policy: string): Promise<void> {
  configure(policy);
  await rig.stop();
  await rig.start();
}

const NAMES = REFUSED_CLIENTS.filter((name) => REFUSALS[name]?.unpinned);

test.for(NAMES.map(actor))(
  "$name installs under min_age what was the newest then",
  async ({ available, client }, { skip }) => {
    skip(!available);
    await restartWith(GUARD);
    const { code, output, requests } = await rig.install(client(), "parcel", ["parcel"]);
    expect(code, output).toBe(0);
    expect(paths(requests, ".whl").filter((path) => path.includes("2.0"))).toEqual([]);
  },
);

test.for(NAMES.map(actor))(
  "$name says why of a project that is refused whole",
  async ({ name, available, client }, { skip }) => {
    skip(!available);
    await restartWith(GUARD);
    const { code, output } = await rig.install(client(), "letter", []);
    expect(code).not.toBe(0);
    expectPrinted(output, name, "project");
  },
);

/** Runs `pypi-edge exempt` with the server of the rig; returns what it prints. */
async function exempt(...args: string[]): Promise<string> {
  const { code, output } = await pypiEdge(["exempt", ...args, "--state", rig.state], folder);
  expect(code, output).toBe(0);
  return output;
}

test.for((["pip", "uv-pip"] as const).map(actor))(
  "$name is refused, installs what is exempted as soon as the command ends, and no longer when the exemption is removed",
  async ({ available, client }, { skip }) => {
    skip(!available);
    await restartWith(GUARD);
    expect((await rig.install(client(), "letter", [])).code).not.toBe(0);
    const added = await exempt("add", "letter==2.0", "--reason", "It cannot wait.", "--expires", "1d");
    const { code, output } = await rig.install(client(), "letter", ["letter"]);
    expect(code, output).toBe(0);
    await exempt("remove", /the entry is ([0-9a-f]{16})/.exec(added)?.[1] ?? "");
    expect((await rig.install(client(), "letter", [])).code).not.toBe(0);
  },
);

test.for((["pip", "pip-older", "uv-pip", "uv-project"] as const).map(actor))(
  "$name installs from a view what was the newest at its date, and nothing from outside it",
  async ({ name, available, client }, { skip }) => {
    skip(!available);
    await restartWith("");
    const date = new Date(Date.now() - 2 * DAY).toISOString().slice(0, 10);
    const view = new URL(`/@before=${date}/simple/`, rig.index).href;
    const { code, output, requests } = await rig.install(client(), "parcel", ["parcel"], view);
    expect(code, output).toBe(0);
    expect(paths(requests, ".whl").filter((path) => path.includes("2.0"))).toEqual([]);
    const refused = await rig.install(client(), "letter", [], view);
    expect(refused.code).not.toBe(0);
    expectPrinted(refused.output, name, "project", LATER);
  },
);

/** Locks without a policy, and installs from the lock once `refusing` has made the index refuse what is locked. */
async function installLocked(lock: UrlLock, refusing: () => Promise<void>) {
  const place = await Place.make();
  try {
    await restartWith("");
    const written = await lock.write({ requirement: "parcel", files: [] }, rig.index, place);
    expect(written.code, written.output).toBe(0);
    await refusing();
    place.forget();
    await place.empty();
    return await lock.install(rig.index, place);
  } finally {
    place.remove();
  }
}

test.for(LOCKERS)(
  "$name: a locked version that is too young is refused, and the rule is on the screen",
  async ({ name, lock }, { skip }) => {
    skip(lock === undefined);
    if (!lock) return;
    const { code, output } = await installLocked(lock, () => restartWith(GUARD));
    expect(code).not.toBe(0);
    expectPrinted(output, name, "locked");
  },
);

test.for(LOCKERS.filter(({ name }) => /^(?:uv .*uv\.lock|pip .*pylock\.toml)$/.test(name)))(
  "$name: a locked version that is malware is refused, and the advisory is on the screen",
  async ({ lock }, { skip }) => {
    skip(lock === undefined);
    if (!lock) return;
    const { code, output } = await installLocked(lock, async () => {
      await restartWith('[vars.INDEXES.default.policy]\nmalware = "enforce"\n');
      await loadAdvisories();
    });
    expect(code).not.toBe(0);
    expect(spaced(output)).toMatch(MALWARE);
  },
);
