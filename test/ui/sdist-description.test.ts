import { beforeEach, expect, test } from "vitest";
import { READER } from "../support/hosted.ts";
import { metadataOf, publishableSdist, sdistEntries } from "../support/release.ts";
import type { Rig } from "../support/rig.ts";
import { teamRig, upload, wheelOf } from "../support/upload.ts";
import { uploadFields } from "../support/upload-fields.ts";
import { sha256 } from "../../worker/repository/sha256.ts";

const DESCRIBED =
  "Summary: Tools\nLicense-Expression: MIT\nRequires-Dist: six>=1.10\nDescription-Content-Type: text/markdown\n";

let rig: Rig;
beforeEach(() => {
  rig = teamRig();
});

/** Uploads an sdist whose PKG-INFO is this one. */
async function uploadSdist(info = metadataOf("demo", "1.0", DESCRIBED)) {
  const bytes = new Uint8Array(await publishableSdist(sdistEntries("demo", "1.0", info)));
  const fields = { ...uploadFields({ project: "demo", version: "1.0", sha256: sha256(bytes) }), filetype: "sdist" };
  const { status, text } = await upload(rig, { filename: "demo-1.0.tar.gz", bytes, fields });
  expect([status, text]).toEqual([200, expect.any(String)]);
}

const page = async () => (await rig.get("/team/project/demo/", READER)).text();

test("a release of a hosted sdist alone has its description, its licence and what it needs", async () => {
  await uploadSdist();
  const text = await page();
  expect(text).toContain('<p class="lead">Tools</p>');
  expect(text).toContain("<p>What it is.</p>");
  expect(text).toContain("<dd>MIT</dd>");
  expect(text).toMatch(/project\/six\/">six<\/a> &gt;=1\.10/);
  expect(text).not.toContain("may need more");
});

test("what a build may add to the requirements of an sdist is said", async () => {
  await uploadSdist(metadataOf("demo", "1.0", "Dynamic: Requires-Dist\n"));
  const text = await page();
  expect(text).toContain("What is built from it may need more.");
  expect(text).not.toContain("It needs nothing else.");
});

test("a wheel goes before the sdist of its release", async () => {
  await uploadSdist();
  await upload(rig, await wheelOf("demo", "1.0"));
  expect(await page()).not.toContain("Tools");
});

test("installers are told of no metadata of an sdist: they would take it for all that it needs", async () => {
  await uploadSdist();
  const { text } = await rig.get("/team/simple/demo/", { ...READER, Accept: "application/vnd.pypi.simple.v1+json" });
  const { files } = JSON.parse(text()) as { files: Record<string, unknown>[] };
  expect(files.map((file) => [file["filename"], file["core-metadata"] ?? false])).toEqual([["demo-1.0.tar.gz", false]]);
});
