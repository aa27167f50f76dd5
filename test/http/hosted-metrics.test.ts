import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { READER } from "../support/hosted.ts";
import { at, call, host, team } from "../support/releases.ts";
import type { Rig } from "../support/rig.ts";

const WHEEL = "demo-1.0-py3-none-any.whl";
const OTHER = "other-1.0-py3-none-any.whl";

/** What `/-/metrics` says of hosted projects, files and bytes. */
async function figures(rig: Rig): Promise<number[]> {
  const text = (await rig.get("/-/metrics", READER)).text();
  return ["projects", "files", "bytes"].map((what) =>
    Number(new RegExp(`^pypi_edge_hosted_${what} (\\d+)$`, "m").exec(text)?.[1]),
  );
}

test("the sums of hosted projects, files and bytes equal a count of the rows after each action", async () => {
  const rig = team();
  const told = [await figures(rig)];
  const then = async (work: Promise<unknown>) => {
    await work;
    told.push(await figures(rig));
  };
  await then(host("team", WHEEL));
  await then(host("team", OTHER));
  await then(call(rig, "POST", at("team", "demo", "1.0", "promote"), { to: "prod" }));
  await then(call(rig, "POST", at("team", "demo", "1.0", "yank")));
  await then(call(rig, "DELETE", at("team", "demo", "1.0")));
  await then(host("scratch", WHEEL));
  await then(env.DB.prepare("UPDATE hosted_file SET size = 1000, object = 'x' WHERE index_name = 'scratch'").run());
  await then(call(rig, "DELETE", at("scratch", "demo", "1.0")));
  const [one, two] = [WHEEL.length, OTHER.length];
  expect(told).toEqual([
    [0, 0, 0],
    [1, 1, one],
    [2, 2, one + two],
    [3, 3, 2 * one + two],
    [3, 3, 2 * one + two],
    [3, 2, one + two],
    [4, 3, 2 * one + two],
    [4, 3, 1000 + one + two],
    [4, 2, one + two],
  ]);
});

test("no name of what is hosted is in the figures or on the page about the product", async () => {
  const rig = team();
  await host("team", "secretproject-1.0-py3-none-any.whl");
  await call(rig, "POST", at("team", "secretproject", "1.0", "yank"), { reason: "secretreason" });
  const shown = await Promise.all(["/-/metrics", "/"].map(async (path) => (await rig.get(path, READER)).text()));
  expect(shown.join("")).not.toMatch(/secret/);
});
