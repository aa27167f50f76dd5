import { beforeAll, beforeEach, expect, test } from "vitest";
import { auditLine } from "../../schema/release.ts";
import { shownTrustedRoot, type ShownTrustedRoot } from "../../schema/trusted-root.ts";
import { DAY } from "../../worker/duration.ts";
import { PUBLIC_TUF } from "../../worker/provenance/current-root.ts";
import { shippedRoot } from "../../worker/provenance/shipped-root.ts";
import { trustedRootOf } from "../../worker/provenance/trusted-root.ts";
import { sha256 } from "../../worker/repository/sha256.ts";
import { attest, withProvenance } from "../support/attested.ts";
import { file, NOW } from "../support/guarded.ts";
import { filesOn } from "../support/hosted.ts";
import { ADMIN_TOKEN, Rig } from "../support/rig.ts";
import { onGitHub, TestSigstore } from "../support/sigstore/sigstore.ts";
import { upload, wheelOf } from "../support/upload.ts";

const SOURCE = "https://tuf.acme.example/";
const ADMIN = { Authorization: `Bearer ${ADMIN_TOKEN}` };
const INDEXES = {
  default: { sources: ["pypi"], policy: { provenance: "require" } },
  team: { sources: [], hosted: true, read: "anyone" },
};

let sigstore: TestSigstore;
beforeAll(async () => {
  sigstore = await TestSigstore.make();
});
let rig: Rig;
beforeEach(() => {
  rig = new Rig({ INDEXES });
});

const metadata = (...versions: readonly [number, number, number]) => {
  const [root, timestamp, snapshot] = versions.map((version) => JSON.stringify({ signed: { version } }));
  return { root, timestamp, snapshot };
};

async function store(root: object, source = SOURCE, of: object = metadata(1, 5, 5)) {
  const headers = { ...ADMIN, "Content-Type": "application/json" };
  const body = JSON.stringify({ root, source, metadata: of });
  const { response, settled } = await rig.open("/-/api/trusted-root", { method: "PUT", headers, body });
  const text = await response.text();
  await settled();
  return { status: response.status, text };
}

const show = async (): Promise<ShownTrustedRoot> =>
  shownTrustedRoot.parse(JSON.parse((await rig.get("/-/api/trusted-root", ADMIN)).text()));

const idOf = (root: object) => trustedRootOf(root).id;

test("the shipped root counts until another is stored, which is shown with its date and source, and audited", async () => {
  expect(await show()).toMatchObject({ id: shippedRoot().id, from: "shipped", takenAt: "2026-11-28T00:00:00.000Z" });
  expect(await store(sigstore.root)).toMatchObject({ status: 200 });
  expect(await show()).toEqual({
    id: idOf(sigstore.root),
    from: "stored",
    takenAt: new Date(rig.now).toISOString(),
    expiresAt: new Date(rig.now + 365 * DAY).toISOString(),
    stored: { source: SOURCE, metadata: metadata(1, 5, 5) },
  });
  const audit = auditLine.parse(JSON.parse((await rig.get("/-/api/audit", ADMIN)).text()));
  expect(audit).toMatchObject({
    action: "root.store",
    details: { root: idOf(sigstore.root), source: SOURCE, versions: [1, 5, 5] },
  });
});

test("uploads are verified by the stored root, in an isolate that has not read it before as well", async () => {
  const wheel = await wheelOf();
  const attested = await sigstore.attest({ ...wheel, sha256: sha256(wheel.bytes), ...onGitHub("acme/demo") });
  const send = () => upload(rig, wheel, { fields: { attestations: JSON.stringify([attested]) } });
  expect((await send()).status).toBe(400);
  await store(sigstore.root);
  rig.restart();
  expect(await send()).toMatchObject({ status: 200 });
});

test("an upload with attestations says where the root has expired, and not that they are wrong", async () => {
  const wheel = await wheelOf();
  const attested = await sigstore.attest({ ...wheel, sha256: sha256(wheel.bytes), ...onGitHub("acme/demo") });
  await store(sigstore.root);
  rig.wait(366 * DAY);
  const { status, text } = await upload(rig, wheel, { fields: { attestations: JSON.stringify([attested]) } });
  expect([status, text]).toEqual([
    422,
    expect.stringMatching(
      /^The attestations of \S+ cannot be verified\. The trusted root has expired on 2027-\S+: [^.]+\. Nothing was changed\./,
    ),
  ]);
  expect((await upload(rig, wheel)).status).toBe(200);
});

test("verdicts by the root before count until they are made anew, so that no page loses a file", async () => {
  const demo = withProvenance(file("1.0", NOW - 30 * DAY));
  await rig.upstream.publish("demo", [demo]);
  await attest(rig, sigstore, demo);
  await store(sigstore.root);
  await rig.get("/simple/demo/");
  await rig.deliverRefreshes();
  const shown = async () => filesOn(await rig.page("demo"));
  expect(await shown()).toEqual([demo.filename]);
  // The same keys, and one more that no file has.
  const { timestampAuthorities, ...others } = sigstore.root as { timestampAuthorities: object[] };
  const next = { ...others, timestampAuthorities: [...timestampAuthorities, ...timestampAuthorities] };
  expect(await store(next, SOURCE, metadata(1, 6, 6))).toMatchObject({ status: 200 });
  expect(await shown()).toEqual([demo.filename]);
  rig.wait(DAY);
  await rig.tick("*/5 * * * *");
  expect(rig.refreshes.messages).toContainEqual(expect.objectContaining({ projects: ["demo"], cause: "verify" }));
  await rig.deliverRefreshes();
  expect(await shown()).toEqual([demo.filename]);
  await rig.tick("*/5 * * * *");
  expect(rig.refreshes.messages.filter(({ cause }) => cause === "verify")).toEqual([]);
});

test("a root that is older than the stored one of the same source is refused", async () => {
  await store(sigstore.root, SOURCE, metadata(2, 5, 5));
  for (const older of [metadata(2, 4, 5), metadata(1, 6, 6), metadata(2, 6, 4)]) {
    expect(await store(sigstore.root, SOURCE, older)).toMatchObject({
      status: 422,
      text: expect.stringContaining(`it is older than the one of ${SOURCE} that is stored`),
    });
  }
  expect(await store(sigstore.root, SOURCE, metadata(2, 5, 5))).toMatchObject({ status: 200 });
  expect(await store(sigstore.root, "https://other.example/", metadata(1, 1, 1))).toMatchObject({ status: 200 });
});

test("a stored root ends a year after it was taken", async () => {
  await store(sigstore.root);
  rig.wait(366 * DAY);
  expect((await show()).trouble).toMatch(/^The trusted root has expired on 2027-/);
});

test("health says that the shipped root has expired, and not where a stored one counts", async () => {
  rig.now = Date.parse("2028-01-01T00:00:00Z");
  const fault = async () => (JSON.parse((await rig.get("/-/health")).text()) as { provenance?: string }).provenance;
  expect(await fault()).toMatch(/^The trusted root has expired on 2027-11-28/);
  await store(sigstore.root);
  rig.restart();
  expect(await fault()).toBeUndefined();
});

test("a newer shipped root takes the place of one that was stored of the same repository before it", async () => {
  rig.now = Date.parse("2026-11-01T00:00:00Z");
  await store(sigstore.root, PUBLIC_TUF);
  expect(await show()).toMatchObject({ from: "shipped", stored: { source: PUBLIC_TUF } });
});

test.each<readonly [string, () => object, object, RegExp]>([
  ["no root", () => ({}), metadata(1, 1, 1), /root is not one: it is not a trusted root of sigstore/],
  [
    "a root with broken keys",
    () => JSON.parse(JSON.stringify(sigstore.root).replaceAll(/"rawBytes":"[^"]+"/g, '"rawBytes":"AAAA"')) as object,
    metadata(1, 1, 1),
    /root is not one: a key or a certificate of it cannot be read/,
  ],
  [
    "metadata without versions",
    () => sigstore.root,
    { root: "{}", timestamp: "[", snapshot: "" },
    /metadata has no versions/,
  ],
  ["no metadata", () => sigstore.root, {}, /metadata\.root is missing/],
  [
    "huge metadata",
    () => sigstore.root,
    { ...metadata(1, 1, 1), root: "x".repeat(200_000) },
    /must have at most 131072 characters/,
  ],
])("%s is refused", async (_, root, of, sentence) => {
  expect(await store(root(), SOURCE, of)).toEqual({ status: 422, text: expect.stringMatching(sentence) });
  expect((await show()).from).toBe("shipped");
});

test("where the configuration has a root, none is stored", async () => {
  rig = new Rig({ INDEXES, TRUSTED_ROOT: JSON.stringify(sigstore.root) });
  expect(await store((await TestSigstore.make()).root)).toMatchObject({
    status: 422,
    text: expect.stringContaining("TRUSTED_ROOT has the trusted root of this deployment"),
  });
  expect(await show()).toMatchObject({ from: "configuration", id: idOf(sigstore.root) });
});
