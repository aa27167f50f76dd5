import { beforeAll, beforeEach, expect, test } from "vitest";
import { DAY } from "../../worker/duration.ts";
import { sha256 } from "../../worker/repository/sha256.ts";
import { attest, withProvenance } from "../support/attested.ts";
import { file, NOW } from "../support/guarded.ts";
import { Rig } from "../support/rig.ts";
import { TestSigstore } from "../support/sigstore/sigstore.ts";
import type { FakeFile } from "../support/upstream.ts";

let sigstore: TestSigstore;
beforeAll(async () => {
  sigstore = await TestSigstore.make();
});

const GOOD = withProvenance(file("1.0", NOW - 30 * DAY));
const BAD = withProvenance(file("1.1", NOW - 20 * DAY));
const PLAIN = file("1.2", NOW - 10 * DAY);

const AUDITED = { provenance: "regressed", modes: { provenance: "audit" } };

/** The JSON that an upstream has of these files; each says of itself that it was verified. */
async function opened(policy: object | undefined, overlay = {}): Promise<Rig> {
  const rig = new Rig({
    INDEXES: { default: { sources: ["pypi"], ...(policy && { policy }) }, ...overlay },
    TRUSTED_ROOT: JSON.stringify(sigstore.root),
  });
  await attest(rig, sigstore, GOOD);
  await attest(rig, await TestSigstore.make(), BAD);
  await rig.upstream.publish("demo", [GOOD, BAD, PLAIN]);
  const releases = Object.fromEntries([GOOD, BAD, PLAIN].map((each, at) => [`1.${at}`, [described(each)]]));
  const json = { info: { name: "demo", version: "1.2" }, releases, urls: releases["1.2"] };
  rig.upstream.on("https://upstream.test/pypi/demo/json", () => Response.json(json));
  const of = { info: { name: "demo", version: "1.0" }, urls: releases["1.0"] };
  rig.upstream.on("https://upstream.test/pypi/demo/1.0/json", () => Response.json(of));
  return rig;
}

const described = ({ filename, bytes }: FakeFile) => ({
  filename,
  digests: { sha256: sha256(bytes) },
  url: `https://files.upstream.test/${filename}`,
  yanked: false,
  yanked_reason: null,
  _provenance: { state: "verified" },
});

interface Answer {
  readonly releases?: Record<string, readonly { readonly _provenance?: unknown }[]>;
  readonly urls: readonly { readonly _provenance?: unknown }[];
}

async function jsonOf(rig: Rig, path = "/pypi/demo/json") {
  const answer = await rig.get(path);
  expect(answer.status, answer.text()).toBe(200);
  return { ...(JSON.parse(answer.text()) as Answer), etag: answer.headers.get("ETag") };
}

const builtOf = (files: Answer["urls"]) => files.map(({ _provenance: built }) => built);
const builtIn = ({ releases }: Answer) => builtOf(Object.values(releases ?? {}).flat());

const BUILT = {
  state: "verified",
  publisher: {
    kind: "GitHub",
    repository: "acme/demo",
    workflow: "release.yml",
    repositoryId: "1001",
    ownerId: "2001",
  },
  label: "GitHub acme/demo (release.yml)",
  url: "https://github.com/acme/demo",
  commit: "c0ffee".padEnd(40, "0"),
  commitUrl: `https://github.com/acme/demo/commit/${"c0ffee".padEnd(40, "0")}`,
  ref: "refs/tags/v1",
  run: "https://github.com/acme/demo/actions/runs/1/attempts/1",
  signed: "2026-11-22T12:00:00.000Z",
  logIndex: expect.stringMatching(/^\d+$/),
};

async function verify(rig: Rig): Promise<void> {
  await rig.get("/simple/demo/");
  await rig.deliverRefreshes();
}

let rig: Rig;
beforeEach(async () => {
  rig = await opened(AUDITED);
});

test("the JSON of a project and of a release says of each file who built it, as it was verified here", async () => {
  const before = await jsonOf(rig);
  expect(builtIn(before)).toEqual([undefined, undefined, undefined]);
  await verify(rig);
  const after = await jsonOf(rig);
  expect(builtIn(after)).toEqual([
    BUILT,
    { state: "refused", reason: expect.stringMatching(/^its certificate is of no authority/) },
    undefined,
  ]);
  expect(builtOf(after.urls)).toEqual([undefined]);
  expect(after.etag).not.toBe(before.etag);
  expect((await jsonOf(rig, "/pypi/demo/1.0/json")).urls).toMatchObject([{ _provenance: BUILT }]);
  expect((await jsonOf(rig, "/@age=1d/pypi/demo/1.0/json")).urls).toMatchObject([{ _provenance: BUILT }]);
});

test("a file with other bytes than those that were verified has none", async () => {
  await verify(rig);
  const urls = [{ ...described(GOOD), digests: { sha256: sha256(PLAIN.bytes) } }];
  rig.upstream.on("https://upstream.test/pypi/demo/1.0/json", () => Response.json({ urls }));
  expect(builtOf((await jsonOf(rig, "/pypi/demo/1.0/json")).urls)).toEqual([undefined]);
});

test("what an upstream says of it is not passed on, and without a rule the database is not asked", async () => {
  const plain = await opened(undefined);
  await jsonOf(plain);
  plain.forget();
  expect(builtIn(await jsonOf(plain))).toEqual([undefined, undefined, undefined]);
  expect(plain.counts["d1.prepare"]).toBeUndefined();
});

test("while the database does not answer, the JSON is there without it", async () => {
  await verify(rig);
  rig.services.pageStores.builders.of = () => Promise.reject(new Error("away"));
  expect(builtOf((await jsonOf(rig, "/pypi/demo/1.0/json")).urls)).toEqual([undefined]);
});
