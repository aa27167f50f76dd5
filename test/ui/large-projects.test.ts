import { expect, test } from "vitest";
import { DEMO, OLD, withPolicy } from "../support/guarded.ts";
import { OPEN_TEAM } from "../support/hosted.ts";
import { Rig } from "../support/rig.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("of a release with very many files three hundred are shown, and the filter finds the others", async () => {
  const rig = new Rig(OPEN_TEAM);
  const files = Array.from({ length: 320 }, (_, at) => ({
    filename: `many-1.0-${at}-${at < 310 ? "cp312-cp312" : "cp313-cp313"}-win_amd64.whl`,
    bytes: bytes(`${at}`),
  }));
  await rig.upstream.publish("many", files, { versions: ["1.0"] });
  const rows = (text: string) => text.match(/<a href="[^"]*\/files\/[^"]*\.whl"/g)?.length;
  const whole = (await rig.get("/project/many/")).text();
  expect(rows(whole)).toBe(300);
  expect(whole).toMatch(/320 of 320 files[^]*The first 300 are shown[^]*<a href="\.\.\/\.\.\/simple\/many\/">/);
  const filtered = (await rig.get("/project/many/?python=cp313")).text();
  expect(rows(filtered)).toBe(10);
  expect(filtered).not.toContain("are shown");
});

test("what the policy refuses is listed by version, the newest first, each time said once", async () => {
  const rig = withPolicy({ min_age: "9999d" });
  const files = ["1.10", "1.9", "2.0"].map((version) => ({ ...OLD, filename: `demo-${version}-py3-none-any.whl` }));
  await rig.upstream.publish("demo", files, DEMO);
  const { status, text } = await rig.get("/project/demo/").then((answer) => ({ ...answer, text: answer.text() }));
  expect(status).toBe(451);
  const listed = [...text.matchAll(/<b>demo-([\d.]+)-/g)].map(([, version]) => version);
  expect(listed).toEqual(["2.0", "1.10", "1.9"]);
  expect(text).toContain("is held until ");
  expect(text).not.toContain("Until <time");
});
