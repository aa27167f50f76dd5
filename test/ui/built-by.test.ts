import { beforeAll, expect, test } from "vitest";
import { explanation } from "../../schema/why.ts";
import { DAY } from "../../worker/duration.ts";
import { attest, withProvenance } from "../support/attested.ts";
import { file, NOW } from "../support/guarded.ts";
import { READER } from "../support/hosted.ts";
import { Rig } from "../support/rig.ts";
import { TestSigstore } from "../support/sigstore/sigstore.ts";

let sigstore: TestSigstore;
beforeAll(async () => {
  sigstore = await TestSigstore.make();
});

const [GOOD, BAD] = [withProvenance(file("1.0", NOW - 30 * DAY)), withProvenance(file("1.1", NOW - 20 * DAY))];
const POLICY = { provenance: "regressed", modes: { provenance: "audit" } };

function rigWith(policy: object | undefined, root: object = sigstore.root): Rig {
  return new Rig({
    INDEXES: { default: { sources: ["pypi"], ...(policy && { policy }) } },
    TRUSTED_ROOT: JSON.stringify(root),
  });
}

const html = { Accept: "text/html" };

async function shown(rig: Rig, version: string): Promise<string> {
  const page = (await rig.get(`/project/demo/${version}/`, html)).text();
  const [, row = ""] = /<tbody>(<tr>[^]*?<\/tr>)<\/tbody>/.exec(page.slice(page.indexOf('id="files"'))) ?? [];
  return row;
}

test("a file's builder is shown as it was verified, with links, and green is only that", async () => {
  const rig = rigWith(POLICY);
  await attest(rig, sigstore, GOOD);
  await attest(rig, sigstore, BAD, { stated: "acme/else" });
  await rig.upstream.publish("demo", [GOOD, BAD]);
  await rig.get("/simple/demo/");
  expect(await shown(rig, "1.0")).toMatch(/<span class="badge"><a href="[^>]*>provenance, not verified here<\/a>/);
  await rig.deliverRefreshes();
  const good = await shown(rig, "1.0");
  expect(good).toContain('<span class="badge good">verified</span>');
  expect(good).toContain("GitHub acme/demo (release.yml)");
  expect(good).toContain('<a href="https://github.com/acme/demo" rel="nofollow noopener noreferrer">acme/demo</a>');
  expect(good).toMatch(/href="https:\/\/github\.com\/acme\/demo\/commit\/[0-9a-f]{40}"/);
  expect(good).toMatch(/<dt>signed<\/dt><dd>2026-11-22 12:00:00 UTC<[^]*<dt>log index<\/dt><dd>\d+</);
  const bad = await shown(rig, "1.1");
  expect(bad).toMatch(/badge bad">provenance not valid<[^]*Its index states another publisher/);
  expect(bad).not.toContain("badge good");
  const { files } = explanation.parse(JSON.parse((await rig.get("/-/why/demo")).text()));
  expect(files.map(({ provenance }) => provenance)).toEqual([
    expect.objectContaining({
      state: "verified",
      commitUrl: expect.stringMatching(/^https:\/\/github\.com\/acme\/demo\/commit\/[0-9a-f]{40}$/),
      signed: "2026-11-22T12:00:00.000Z",
      logIndex: expect.stringMatching(/^\d+$/),
    }),
    { state: "refused", reason: expect.any(String) },
  ]);
});

test("what no rule has verified is never green; without the database nothing is said to be verified", async () => {
  const plain = rigWith(undefined);
  await attest(plain, sigstore, GOOD);
  await plain.upstream.publish("demo", [GOOD]);
  expect(await shown(plain, "1.0")).toContain("provenance, not verified here");
  expect(await shown(plain, "1.0")).not.toContain("badge good");
  const rig = rigWith(POLICY);
  await attest(rig, sigstore, GOOD);
  await rig.upstream.publish("demo", [GOOD]);
  await rig.get("/simple/demo/");
  await rig.deliverRefreshes();
  await rig.page("demo");
  rig.services.pageStores.builders.of = () => Promise.reject(new Error("away"));
  const page = await rig.get("/project/demo/", html);
  expect([page.status, page.text().includes("badge good")]).toEqual([200, false]);
});

test("an expired root is a state of its own: on the page, on the dashboard, in /-/health", async () => {
  const expired = { root: sigstore.root, takenAt: "2026-01-01T00:00:00Z", expiresAt: "2026-11-01T00:00:00Z" };
  const rig = rigWith(POLICY, expired);
  await attest(rig, sigstore, GOOD);
  await rig.upstream.publish("demo", [GOOD]);
  await rig.get("/simple/demo/");
  await rig.deliverRefreshes();
  const said = "The trusted root has expired on 2026-11-01: no provenance is verified until it is renewed.";
  expect(await shown(rig, "1.0")).toContain('badge warn"><a');
  expect((await rig.get("/project/demo/", html)).text()).toContain(said);
  expect((await rig.get("/-/", READER)).text()).toContain(said);
  expect(JSON.parse((await rig.get("/-/health")).text())).toMatchObject({ status: "degraded", provenance: said });
  const unasked = rigWith(undefined, expired);
  expect(JSON.parse((await unasked.get("/-/health")).text())).toEqual({ status: "ok" });
  expect((await unasked.get("/-/", READER)).text()).not.toContain(said);
});
