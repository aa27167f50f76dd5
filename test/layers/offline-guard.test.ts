import { expect, test } from "vitest";
import { digestOf, importStep, type CarriedTestFile } from "../support/carried.ts";
import { carriedPath, carriedWheel, offline } from "../support/offline.ts";
import { sha256 } from "../support/sigstore/keys.ts";
import { onGitHub, TestSigstore } from "../support/sigstore/sigstore.ts";
import { JSON_TYPE } from "../support/rig.ts";

const [ONE, TWO] = [carriedWheel("demo", "1.0"), carriedWheel("demo", "2.0")];

test("provenance that was carried is verified here, and no upstream is asked for it", async () => {
  const sigstore = await TestSigstore.make();
  const { rig, exporter, send, asked } = await offline(
    { policy: { provenance: "require" } },
    { TRUSTED_ROOT: JSON.stringify(sigstore.root) },
  );
  const publisher = { kind: "GitHub", repository: "acme/demo", workflow: "release.yml" };
  const proven = async (file: CarriedTestFile): Promise<CarriedTestFile> => {
    const digest = [...(await sha256(new Uint8Array(file.bytes)))].map((byte) => byte.toString(16).padStart(2, "0"));
    const attested = { ...onGitHub("acme/demo"), filename: file.filename, sha256: digest.join(""), at: rig.now };
    return { ...file, provenance: await sigstore.provenance(publisher, attested) };
  };
  await importStep(send, await exporter.step({ pages: { demo: [await proven(ONE), TWO] } }));
  expect((await rig.page("demo")).status).toBe(451);
  await rig.deliverRefreshes();
  expect((await rig.page("demo")).json?.files.map(({ filename }) => filename)).toEqual([ONE.filename]);
  expect((await rig.get(carriedPath("demo", await digestOf(TWO.bytes), TWO.filename))).status).toBe(403);
  rig.restart();
  expect((await rig.page("demo")).json?.files).toHaveLength(1);
  expect(asked).toEqual([]);
});

test("a lock is warm at once, and its wheelhouse has the files that were carried", async () => {
  const { rig, exporter, send, asked } = await offline();
  await importStep(send, await exporter.step({ pages: { demo: [ONE, TWO] } }));
  const lock = `demo==1.0 --hash=sha256:${await digestOf(ONE.bytes)}\n`;
  const warmed = await rig.post("warm?filename=requirements.txt", lock);
  expect(JSON.parse(warmed.text().trim().split("\n").at(-1) ?? "")).toMatchObject({
    done: true,
    files: 1,
    pending: [],
    alreadyStored: 2,
  });
  const packed = await rig.post("wheelhouse?filename=requirements.txt", lock);
  expect([packed.status, packed.text().includes(ONE.filename)]).toEqual([200, true]);
  const missing = await rig.post("warm?filename=requirements.txt", "requests==2.0\n");
  expect(missing.text()).toContain("requests");
  expect(asked).toEqual([]);
});

test("a warm page costs one query, and a file another read", async () => {
  const { rig, exporter, send } = await offline();
  await importStep(send, await exporter.step({ pages: { demo: [ONE] } }));
  const path = carriedPath("demo", await digestOf(ONE.bytes), ONE.filename);
  const cold = async (of: string) => {
    rig.restart();
    rig.forget();
    await rig.get(of, { Accept: JSON_TYPE });
    return { ...rig.counts };
  };
  expect(await cold("/simple/demo/")).toEqual({ "d1.prepare": 1, "r2.get": 1 });
  rig.forget();
  await rig.get("/simple/demo/", { Accept: JSON_TYPE });
  expect(rig.counts).toEqual({ "d1.prepare": 1 });
  expect(await cold(path)).toEqual({ "d1.prepare": 1, "r2.get": 2 });
  rig.forget();
  await rig.get(path);
  expect(rig.counts).toEqual({ "d1.prepare": 1 });
});
