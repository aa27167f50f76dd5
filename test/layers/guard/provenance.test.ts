import { beforeAll, beforeEach, expect, test } from "vitest";
import { DAY, MINUTE } from "../../../worker/duration.ts";
import { attest, provenanceRequests, withProvenance } from "../../support/attested.ts";
import { file, NOW } from "../../support/guarded.ts";
import { filesOn } from "../../support/hosted.ts";
import { filePath, Rig } from "../../support/rig.ts";
import { onGitHub, TestSigstore } from "../../support/sigstore/sigstore.ts";

let sigstore: TestSigstore;
beforeAll(async () => {
  sigstore = await TestSigstore.make();
});

const [FIRST, SECOND] = [withProvenance(file("1.0", NOW - 30 * DAY)), withProvenance(file("1.1", NOW - 20 * DAY))];
const PLAIN = file("1.2", NOW - 10 * DAY);
const THIRD = withProvenance(PLAIN);

const rigWith = (policy: object, root: object = sigstore.root) =>
  new Rig({
    INDEXES: { default: { sources: ["pypi"], policy }, open: { sources: ["pypi"] } },
    TRUSTED_ROOT: JSON.stringify(root),
  });

let rig: Rig;
beforeEach(async () => {
  rig = rigWith({ provenance: "regressed" });
  for (const each of [FIRST, SECOND]) await attest(rig, sigstore, each);
});

/** The page asked for, and what that has queued verified. */
async function verified(): Promise<void> {
  await rig.get("/simple/demo/");
  await rig.deliverRefreshes();
}

const shown = async () => filesOn(await rig.page("demo"));
const names = (...files: readonly { filename: string }[]) => files.map(({ filename }) => filename);

async function refusal(of: { filename: string }) {
  const { status, headers, text } = await rig.get(filePath(of.filename));
  return [status, headers.get("X-Pypi-Edge-Rule"), (JSON.parse(text()) as { detail: string }).detail];
}

test("what is not verified yet is on no page and at no address, and clients wait for no verification", async () => {
  await rig.upstream.publish("demo", [FIRST, SECOND]);
  expect((await rig.get("/simple/demo/")).status).toBe(451);
  expect(await refusal(FIRST)).toEqual([
    403,
    "provenance",
    `${FIRST.filename} is held: its provenance has not been verified yet.`,
  ]);
  expect(provenanceRequests(rig)).toEqual([]);
  // Once a minute and isolate, however many ask.
  expect(rig.refreshes.messages).toHaveLength(1);
  await rig.deliverRefreshes();
  // The newest release first.
  expect(provenanceRequests(rig).map((each) => each.includes("1.1"))).toEqual([true, false]);
  expect(await shown()).toEqual(names(FIRST, SECOND));
  expect((await rig.get(filePath(FIRST.filename))).status).toBe(200);
  rig.restart();
  rig.forget();
  expect(await shown()).toEqual(names(FIRST, SECOND));
  expect([provenanceRequests(rig), rig.refreshes.messages]).toEqual([[], []]);
});

test.each<readonly [string, () => Promise<unknown>, typeof PLAIN, string]>([
  [
    "without attestation",
    async () => undefined,
    PLAIN,
    "it has no provenance, and earlier files of demo are proven to be by GitHub acme/demo (release.yml).",
  ],
  [
    "attested by another publisher",
    () =>
      attest(rig, sigstore, THIRD, { repository: "evil/demo", subject: onGitHub("evil/demo", { repositoryId: "9" }) }),
    THIRD,
    "it was built by GitHub evil/demo (release.yml), and demo by GitHub acme/demo (release.yml) since 2026-10-23.",
  ],
  [
    "attested by another sigstore",
    async () => attest(rig, await TestSigstore.make(), THIRD),
    THIRD,
    "its provenance is not valid, its certificate is of no authority of the trusted root, or was not valid when it signed, and earlier files of demo are proven to be by GitHub acme/demo (release.yml).",
  ],
  [
    "whose index states another publisher than its certificate",
    () => attest(rig, sigstore, THIRD, { stated: "evil/demo" }),
    THIRD,
    "its provenance is not valid, its index states another publisher than its certificate, which says GitHub acme/demo (release.yml), and earlier files of demo are proven to be by GitHub acme/demo (release.yml).",
  ],
  [
    "with the provenance of another file",
    async () => {
      const text = await attest(rig, sigstore, SECOND);
      const { provenance } = THIRD.entry as { provenance: string };
      rig.upstream.on(provenance, () => new Response(text));
    },
    THIRD,
    "its provenance is not valid, it is about a file of another name, and earlier files of demo are proven to be by GitHub acme/demo (release.yml).",
  ],
])("a release %s is held, and an exemption lets it through", async (_, publish, third, why) => {
  await rig.upstream.publish("demo", [FIRST, SECOND, third]);
  await publish();
  await verified();
  expect(await shown()).toEqual(names(FIRST, SECOND));
  expect(await refusal(third)).toEqual([403, "provenance", `${third.filename} is refused: ${why}`]);
  // Another index over the same source has no such rule.
  expect((await rig.get(`/open${filePath(third.filename)}`)).status).toBe(200);
  expect((await rig.get(filePath(third.filename))).status).toBe(403);
  const entry = { index: "default", kind: "exemption", what: ["demo==1.2"], reason: "We have looked.", expires: "7d" };
  const added = await rig.post("policy/entries", JSON.stringify(entry), { "Content-Type": "application/json" });
  expect(added.status, added.text()).toBeLessThan(300);
  expect(await shown()).toEqual(names(FIRST, SECOND, third));
  expect((await rig.get(filePath(third.filename))).status).toBe(200);
});

test("an upstream that cannot give provenance proves nothing: the file stays held, and is verified later", async () => {
  const { provenance } = SECOND.entry as { provenance: string };
  rig.upstream.on(provenance, () => new Response("", { status: 503 }));
  await rig.upstream.publish("demo", [FIRST, SECOND]);
  await verified();
  expect(await shown()).toEqual(names(FIRST));
  await attest(rig, sigstore, SECOND);
  rig.wait(2 * MINUTE);
  await verified();
  expect(await shown()).toEqual(names(FIRST, SECOND));
});

test("a file is held while it is not known who built earlier ones: the upstream does not give their provenance", async () => {
  const { provenance } = FIRST.entry as { provenance: string };
  rig.upstream.on(provenance, () => new Response("", { status: 503 }));
  await attest(rig, sigstore, SECOND, {
    repository: "evil/demo",
    subject: onGitHub("evil/demo", { repositoryId: "9" }),
  });
  await rig.upstream.publish("demo", [FIRST, SECOND]);
  await verified();
  expect((await rig.get("/simple/demo/")).status).toBe(451);
  expect((await refusal(SECOND))[2]).toBe(
    `${SECOND.filename} is held: the provenance of earlier files of demo has not been verified yet.`,
  );
  await attest(rig, sigstore, FIRST);
  rig.wait(2 * MINUTE);
  await verified();
  expect(await shown()).toEqual(names(FIRST));
});

test("provenance that is gone upstream, too long, or not JSON is not valid", async () => {
  const { provenance } = SECOND.entry as { provenance: string };
  for (const answer of [
    () => new Response("", { status: 404 }),
    () => Response.json({ version: 1, attestation_bundles: ["a".repeat(300_000)] }),
  ]) {
    rig.upstream.on(provenance, answer);
    await rig.upstream.publish("demo", [FIRST, SECOND]);
    await verified();
    expect(await shown()).toEqual(names(FIRST));
    rig.wait(2 * DAY);
  }
  // It is looked at again after a day.
  await attest(rig, sigstore, SECOND);
  await rig.upstream.publish("demo", [FIRST, SECOND, PLAIN]);
  await rig.deliverRefreshes([
    { source: encodeURIComponent("https://upstream.test/simple/"), projects: ["demo"], cause: "popular" },
  ]);
  await rig.deliverRefreshes();
  expect(await shown()).toEqual(names(FIRST, SECOND));
});

test("with another root all is verified anew, while pages stay as they are", async () => {
  await rig.upstream.publish("demo", [FIRST, SECOND]);
  await verified();
  const other = await TestSigstore.make();
  rig = Object.assign(rigWith({ provenance: "require" }, other.root), { now: rig.now });
  await rig.upstream.publish("demo", [FIRST, SECOND]);
  await attest(rig, other, SECOND);
  await attest(rig, sigstore, FIRST);
  expect(await shown()).toEqual(names(FIRST, SECOND));
  rig.wait(DAY);
  await rig.tick("*/5 * * * *");
  await rig.deliverRefreshes();
  expect(await shown()).toEqual(names(SECOND));
  await rig.tick("*/5 * * * *");
  expect(rig.refreshes.messages.filter(({ cause }) => cause === "verify")).toEqual([]);
});

test("a root that has expired verifies nothing, and says so; what was verified stays", async () => {
  await rig.upstream.publish("demo", [FIRST]);
  await verified();
  const expired = { root: sigstore.root, takenAt: "2026-01-01T00:00:00Z", expiresAt: "2026-11-01T00:00:00Z" };
  rig = Object.assign(rigWith({ provenance: "require" }, expired), { now: rig.now + DAY });
  await rig.upstream.publish("demo", [FIRST, SECOND]);
  await attest(rig, sigstore, SECOND);
  await verified();
  expect(rig.refreshes.messages).toEqual([]);
  expect(await shown()).toEqual(names(FIRST));
  expect((await refusal(SECOND))[2]).toBe(
    `${SECOND.filename} is held: its provenance has not been verified yet. The trusted root has expired on 2026-11-01: no provenance is verified until it is renewed.`,
  );
});

test("while the database does not answer, a page keeps what was known of its files", async () => {
  await rig.upstream.publish("demo", [FIRST, SECOND]);
  await verified();
  await rig.upstream.publish("demo", [FIRST, SECOND, PLAIN]);
  rig.wait(DAY);
  rig.breakOnce("d1.all");
  expect(await shown()).toEqual(names(FIRST, SECOND));
});

test("a page that changes is verified before a client asks for it", async () => {
  await rig.upstream.publish("demo", [FIRST]);
  await verified();
  await rig.upstream.publish("demo", [FIRST, SECOND]);
  rig.wait(DAY);
  await rig.deliverRefreshes([
    { source: encodeURIComponent("https://upstream.test/simple/"), projects: ["demo"], cause: "popular" },
  ]);
  await rig.deliverRefreshes();
  rig.forget();
  expect(await shown()).toEqual(names(FIRST, SECOND));
});

test("why says of each file who built it, and shows as verified only what is", async () => {
  await attest(rig, await TestSigstore.make(), THIRD);
  await rig.upstream.publish("demo", [FIRST, SECOND, THIRD, file("1.3", NOW - DAY)]);
  await rig.get("/simple/demo/");
  const { provenance } = SECOND.entry as { provenance: string };
  rig.upstream.on(provenance, () => new Response("", { status: 503 }));
  await rig.deliverRefreshes();
  const { files } = JSON.parse((await rig.get("/-/why/demo")).text()) as { files: { provenance?: object }[] };
  expect(files.map((each) => each.provenance)).toEqual([
    {
      state: "verified",
      publisher: expect.objectContaining({ kind: "GitHub", repository: "acme/demo", workflow: "release.yml" }),
      label: "GitHub acme/demo (release.yml)",
      url: "https://github.com/acme/demo",
      commit: "c0ffee0000000000000000000000000000000000",
      commitUrl: "https://github.com/acme/demo/commit/c0ffee0000000000000000000000000000000000",
      ref: "refs/tags/v1",
      run: "https://github.com/acme/demo/actions/runs/1/attempts/1",
      signed: "2026-11-22T12:00:00.000Z",
      logIndex: expect.stringMatching(/^\d+$/),
    },
    { state: "undecided" },
    { state: "refused", reason: expect.stringMatching(/^its certificate is of no authority/) },
    undefined,
  ]);
  const page = (await rig.get("/-/why/demo", { Accept: "text/html" })).text();
  expect(page.match(/>verified</g)).toHaveLength(1);
  expect(page).toContain("It is proven to be by GitHub acme/demo (release.yml).");
});

test("a verified file costs a request of the upstream, and a read and a write of KV; the rest is once a project", async () => {
  const costOf = async (count: number) => {
    const files = Array.from({ length: count }, (_, at) => withProvenance(file(`1.${at}`, NOW - at * DAY)));
    for (const each of files) await attest(rig, sigstore, each);
    await rig.upstream.publish("demo", files);
    rig.wait(DAY);
    await rig.get("/simple/demo/");
    rig.forget();
    await rig.deliverRefreshes();
    const { counts } = rig;
    return [provenanceRequests(rig).length, counts["kv.getWithMetadata"], counts["kv.put"], counts["d1.prepare"]];
  };
  // What was verified in the first round is not verified again in the second.
  expect([await costOf(2), await costOf(5)]).toEqual([
    [2, 2, 3, 5],
    [3, 3, 4, 5],
  ]);
});
