import { DAY, HOUR } from "../../worker/duration.ts";
import { coversRule, fileRuleOf } from "../../worker/pypi/file-rule.ts";
import { Random } from "../fuzz/random.ts";
import { host, pageIn } from "./hosted.ts";
import { demoRecord, storeAdvisories } from "./osv.ts";
import { call } from "./releases.ts";
import { filePath, Rig } from "./rig.ts";
import { FakeUpstream, type FakeFile } from "./upstream.ts";

/*
 * Under random policies, entries of their lists, views, upload times, uploads, stored states and moments: a file is served exactly where its project's page
 * lists it, by GET, HEAD, as a part and as `.metadata`; its provenance and its place in the JSON are the same. Each seed is one world.
 */

const START = Date.parse("2026-11-22T12:00:00Z");
const MOMENTS = 3;

const VERSIONS = ["1.0", "1.1rc1", "2.0", "2.0.post1", "3.0.dev1", "3.0+cu121"];

const modeOf = (random: Random) => random.pick(["off", "audit", "warn", "enforce", "enforce"]);

function policyOf(random: Random): Record<string, unknown> {
  const policy: Record<string, unknown> = { unknown_time: random.pick(["hold", "allow"]) };
  const modes: Record<string, string> = {};
  const given = (key: string, value: unknown) => {
    if (random.oneIn(2)) return;
    policy[key] = value;
    modes[key] = modeOf(random);
  };
  given("min_age", random.pick(["2d", "30h", "P7D"]));
  given("before", random.pick(["2026-11-18", "2026-11-22T13:00:00Z"]));
  const denial = random.pick(["demo", "de*", "demo<2", "demo>=2,<3", "other", "demo===3.0+cu121"]);
  given("deny", [denial]);
  // What is denied cannot be allowed.
  const isDenied = (text: string) => policy["deny"] !== undefined && coversRule(fileRuleOf(denial), fileRuleOf(text));
  const allowed = ["demo==2.*", "demo", "other"].filter((text) => !isDenied(text));
  if (random.oneIn(3)) policy["allow"] = [random.pick(allowed)];
  if (random.oneIn(3)) policy["prerelease"] = modeOf(random);
  if (random.oneIn(3)) policy["yanked"] = modeOf(random);
  if (random.oneIn(3)) given("status", ["archived"]);
  if (random.oneIn(3)) given("provenance", random.pick(["regressed", "require"]));
  if (random.oneIn(3)) policy["malware"] = { mode: modeOf(random), ...(random.oneIn(2) && { delay: "30h" }) };
  if (random.oneIn(3)) policy["vulnerable"] = { severity: "high", mode: modeOf(random), unknown: modeOf(random) };
  if (random.oneIn(3)) policy["on_missing"] = "refuse";
  return { ...policy, modes };
}

function fileOf(random: Random, version: string): FakeFile {
  const filename = random.pick([`demo-${version}-py3-none-any.whl`, `demo-${version}.tar.gz`, `Demo-${version}.zip`]);
  const uploadedAt = START - random.below(9 * DAY);
  return {
    filename,
    bytes: new TextEncoder().encode(`the bytes of ${filename}`),
    ranges: random.oneIn(2),
    ...(filename.endsWith(".whl") && { metadata: `Metadata-Version: 2.1\nName: demo\nVersion: ${version}\n` }),
    entry: {
      "upload-time": random.oneIn(5) ? undefined : new Date(uploadedAt).toISOString(),
      yanked: random.oneIn(4) ? "broken" : false,
      ...(random.oneIn(2) && { provenance: `https://upstream.test/integrity/${filename}/provenance` }),
    },
  };
}

const VIEWS = ["@before=2026-11-18", "@age=2d", "@age=30d,yanked=no", "@pre=no", "@before=2026-11-20,pre=no,yanked=no"];

async function publish(rig: Rig, files: readonly FakeFile[], isArchived: boolean) {
  const urls = files.map(({ filename }) => ({ filename }));
  const releases = Object.fromEntries(files.map(({ filename }) => [filename.split("-")[1], [{ filename }]]));
  for (const path of ["", ...VERSIONS.map((version) => `/${version}`)]) {
    const answer = { info: { version: path.slice(1) || "3.0.dev1" }, releases, urls };
    rig.upstream.on(`https://upstream.test/pypi/demo${path}/json`, () => Response.json(answer));
  }
  rig.upstream.on(FakeUpstream.INDEX, () => new Response("", { status: 404 }));
  for (const { filename } of files) {
    const provenance = `https://upstream.test/integrity/${filename}/provenance`;
    rig.upstream.on(provenance, () => Response.json({ version: 1, attestation_bundles: [] }));
  }
  const status = isArchived ? "archived" : "active";
  await rig.upstream.publish("demo", files, { versions: VERSIONS, "project-status": { status } });
}

/** Advisories that come and go; at times there are none at all. */
async function advise(rig: Rig, random: Random) {
  if (random.oneIn(3)) return;
  const id = random.pick(["MAL-1", "GHSA-1"]);
  const published = new Date(START - random.below(3 * DAY)).toISOString();
  const severity = random.pick(["HIGH", "LOW", undefined]);
  const versions = VERSIONS.filter(() => random.oneIn(3));
  await storeAdvisories(rig, [demoRecord(id, { published, database_specific: { severity } }, ...versions)]);
}

/** What of a world is reachable and not listed, or listed and not reachable. */
async function contradictions(rig: Rig, base: string, paths: ReadonlyMap<string, string>): Promise<string[]> {
  const page = await pageIn(rig, base, "demo");
  const listed = new Set(page.json?.files.map(({ filename }) => filename));
  const wrong: string[] = [];
  for (const [filename, path] of paths) {
    const isListed = listed.has(filename);
    for (const [method, ending, headers] of [
      ["HEAD", "", {}],
      ["GET", "", { Range: "bytes=0-3" }],
      ["GET", "", {}],
      ...(filename.endsWith(".whl") ? [["GET", ".metadata", {}] as const] : []),
    ] as const) {
      const { status } = await rig.get(`${base}${path}${ending}`, headers, method);
      if (isListed === (status === 200 || status === 206)) continue;
      wrong.push(
        `${base} ${method} ${filename}${ending} is ${isListed ? "listed" : "not listed"}, and answers ${status}`,
      );
    }
  }
  const html = (await rig.get(`${base}/simple/demo/`)).text();
  for (const { filename, yanked = false } of page.json?.files ?? []) {
    const [link] = html.match(new RegExp(`<a [^>]*>${String(filename).replace(/[.+]/g, "\\$&")}</a>`)) ?? [];
    if (link?.includes("data-yanked") === (yanked !== false)) continue;
    wrong.push(`${base} ${String(filename)} is marked on one of its pages, JSON and HTML, and not on the other`);
  }
  const json = (await rig.get(`${base}/pypi/demo/json`)).text();
  const told = [...paths.keys()].filter((filename) => json.includes(`"${filename}"`) && !listed.has(filename));
  return [...wrong, ...told.map((filename) => `${base} the JSON names ${filename}`)];
}

/** Adds an entry to a list, unless it would have no effect. */
async function entryAdded(rig: Rig, random: Random): Promise<unknown> {
  const kind = random.pick(["allow", "deny", "exemption"]);
  const what = random.pick(["demo", "demo==2.0", "demo==1.1rc1", ...(kind === "exemption" ? [] : ["d*<2", "demo>=2"])]);
  const advisory = kind === "exemption" && random.oneIn(3) ? random.pick(["MAL-1", "GHSA-1"]) : undefined;
  const index = random.pick(["default", "team"]);
  const entry = { index, kind, what: [what], reason: "random", advisory, expires: "2d" };
  return [entry, (await call(rig, "POST", "policy/entries", entry)).status];
}

/** The policies of a world and the entries of their lists, and what contradicts its pages. */
export async function contradictionsOf(seed: number) {
  const random = new Random(seed);
  const files = VERSIONS.filter(() => !random.oneIn(5)).map((version) => fileOf(random, version));
  const policies = [policyOf(random), policyOf(random)];
  const INDEXES = {
    default: { sources: ["pypi"], policy: policies[0] },
    team: { sources: ["default"], hosted: true, read: "anyone", merge: ["demo"], policy: policies[1] },
    open: { sources: ["pypi"] },
  };
  const rig = new Rig({ INDEXES });
  await publish(rig, files, random.oneIn(4));
  const ofDefault = new Map(files.map(({ filename }) => [filename, filePath(filename)]));
  // Some are stored beforehand, by an index without a policy.
  for (const { filename } of files) if (random.oneIn(2)) await rig.get(`/open${filePath(filename)}`);
  const ofTeam = new Map(ofDefault);
  const wrong: string[] = [];
  const entries: unknown[] = [];
  for (let moment = 0; moment < MOMENTS; moment++) {
    if (random.oneIn(4)) {
      const filename = `demo-9.${moment}-py3-none-any.whl`;
      const uploadedAt = rig.now - random.below(6 * DAY);
      ofTeam.set(filename, (await host("demo", filename, { metadata: "Name: demo\n", uploadedAt })).path);
    }
    if (random.oneIn(2)) entries.push(await entryAdded(rig, random));
    const view = random.pick(VIEWS);
    const places: readonly (readonly [string, ReadonlyMap<string, string>])[] = [
      ["", ofDefault],
      ["/team", ofTeam],
      random.oneIn(2) ? [`/${view}`, ofDefault] : [`/team/${view}`, ofTeam],
    ];
    for (const [base, paths] of places) {
      wrong.push(...(await contradictions(rig, base, paths)));
    }
    rig.wait(random.below(4 * DAY) + HOUR);
    await advise(rig, random);
    if (random.oneIn(2)) rig.restart();
  }
  return { policies: [...policies, ...entries], wrong };
}
