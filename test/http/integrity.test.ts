import { beforeAll, beforeEach, expect, test } from "vitest";
import { DAY } from "../../worker/duration.ts";
import { sha256 } from "../../worker/repository/sha256.ts";
import { attest, withProvenance } from "../support/attested.ts";
import { file, NOW } from "../support/guarded.ts";
import { JSON_TYPE, Rig } from "../support/rig.ts";
import { onGitHub, TestSigstore } from "../support/sigstore/sigstore.ts";
import { upload, wheelOf, type Upload } from "../support/upload.ts";

let sigstore: TestSigstore;
beforeAll(async () => {
  sigstore = await TestSigstore.make();
});

const PUBLIC_URL = "https://pypi.corp.example";
const MIRRORED = withProvenance(file("1.0", NOW - 30 * DAY));
const YOUNG = withProvenance(file("1.1", NOW - DAY));
const PATH = `/integrity/demo/1.0/${MIRRORED.filename}/provenance`;

let rig: Rig;
let object: string;
let hosted: Upload;
beforeEach(async () => {
  rig = new Rig({
    PUBLIC_URL,
    INDEXES: {
      default: { sources: ["pypi"] },
      team: { sources: ["default"], hosted: true, read: "anyone" },
      secret: { sources: ["default"], hosted: true },
    },
    TRUSTED_ROOT: JSON.stringify(sigstore.root),
  });
  object = await attest(rig, sigstore, MIRRORED);
  await attest(rig, sigstore, YOUNG);
  await rig.upstream.publish("demo", [MIRRORED, YOUNG]);
  hosted = await wheelOf("acme-tools");
  const { filename, bytes } = hosted;
  const attestation = await sigstore.attest({
    filename,
    sha256: sha256(bytes),
    at: rig.now,
    ...onGitHub("acme/tools"),
  });
  const sent = await upload(rig, hosted, { fields: { attestations: JSON.stringify([attestation]) } });
  if (sent.status !== 200) throw new Error(sent.text);
});

test("a mirrored file's provenance is the upstream's, byte for byte, in each index over it and in views", async () => {
  for (const base of ["", "/team", "/@age=2d", "/team/@age=2d"]) {
    const { status, text } = await rig.get(base + PATH);
    expect([base, status, text()]).toEqual([base, 200, object]);
  }
});

test("HEAD says the same without a body, of mirrored and hosted files", async () => {
  for (const path of [PATH, `/team/integrity/acme-tools/1.0/${hosted.filename}/provenance`]) {
    const [got, head] = [await rig.get(path), await rig.get(path, {}, "HEAD")];
    expect([head.status, head.body.byteLength]).toEqual([200, 0]);
    for (const name of ["ETag", "Content-Type", "Cache-Control"])
      expect(head.headers.get(name)).toBe(got.headers.get(name));
  }
});

test("pages of views and overlays lead to an address here, in JSON and in HTML", async () => {
  for (const base of ["", "/team", "/@age=2d"]) {
    const { text } = await rig.get(`${base}/simple/demo/`, { Accept: JSON_TYPE });
    const { files } = JSON.parse(text()) as { files: { provenance: string }[] };
    const address = files[0]?.provenance ?? "";
    expect(address).toBe(PUBLIC_URL + PATH);
    expect((await rig.get(`${base}/simple/demo/`)).text()).toContain(`data-provenance="${address}"`);
  }
  const page = (await rig.get("/team/simple/acme-tools/")).text();
  expect(page).toContain(`data-provenance="${PUBLIC_URL}/team/integrity/acme-tools/1.0/${hosted.filename}/provenance"`);
});

test.each<readonly [string, number, RegExp]>([
  ["/integrity/absent/1.0/absent-1.0.tar.gz/provenance", 404, /there is no such project in this index/],
  ["/integrity/demo/1.0/demo-1.0.tar.gz/provenance", 404, /lists no demo-1\.0\.tar\.gz with provenance/],
  [`/integrity/demo/2.0/${MIRRORED.filename}/provenance`, 404, /is no file of demo 2\.0/],
  [`/integrity/demo/one/${MIRRORED.filename}/provenance`, 404, /is no file of demo one/],
  [`/@age=2d/integrity/demo/1.1/${YOUNG.filename}/provenance`, 403, /is held until/],
  ["/team/integrity/acme-tools/1.0/acme_tools-1.0.tar.gz/provenance", 404, /hosts acme-tools itself/],
  [`/secret${PATH}`, 401, /token/],
])("%s is %i, with a sentence", async (path, status, sentence) => {
  const answer = await rig.get(path);
  expect([answer.status, answer.text()]).toEqual([status, expect.stringMatching(sentence)]);
});
