import { expect, test } from "vitest";
import { ADMIN_TOKEN, JSON_TYPE, type PageJson, type Rig } from "../support/rig.ts";
import { at, call, ONE, published, SDIST, TWO } from "../support/releases.ts";

const Authorization = `Bearer ${ADMIN_TOKEN}`;

/** The files of the project's page in an index, with what is said of their being yanked. */
async function page(rig: Rig, index: string) {
  const answer = await rig.get(`/${index}/simple/demo/`, { Accept: JSON_TYPE, Authorization });
  if (answer.status !== 200) return answer.status;
  const { files } = JSON.parse(answer.text()) as PageJson;
  return Object.fromEntries(files.map((file) => [file["filename"], file["yanked"]]));
}

test("the next request for a page shows what became of a release", async () => {
  const rig = await published();
  expect(await page(rig, "team")).toEqual({ [ONE]: false, [SDIST]: false, [TWO]: false });
  await call(rig, "POST", at("team", "demo", "1.0", "yank"), { reason: "broken" });
  expect(await page(rig, "team")).toEqual({ [ONE]: "broken", [SDIST]: "broken", [TWO]: false });
  expect(await page(rig, "prod")).toBe(404);
  await call(rig, "POST", at("team", "demo", "1.0", "promote"), { to: "prod" });
  expect(await page(rig, "prod")).toEqual({ [ONE]: "broken", [SDIST]: "broken" });
  await call(rig, "DELETE", at("team", "demo", "1.0"));
  expect(await page(rig, "team")).toEqual({ [TWO]: false });
  expect(await page(rig, "prod")).toEqual({ [ONE]: "broken", [SDIST]: "broken" });
  await call(rig, "PUT", at("prod", "demo", "status"), { status: "quarantined" });
  expect(await page(rig, "prod")).toEqual({});
});
