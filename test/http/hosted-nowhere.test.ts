import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { parseConfig } from "../../schema/config.ts";
import { cloudflare } from "../../worker/cloudflare/platform.ts";
import { createWorker } from "../../worker/worker.ts";
import { READER } from "../support/hosted.ts";
import { host, INDEXES } from "../support/releases.ts";
import { Rig, VARS } from "../support/rig.ts";

const WHEEL = "demo-1.0-py3-none-any.whl";

const SENTENCE =
  "The configuration no longer has hosted = true for indexes that packages were uploaded to: prod (2 projects), scratch (1 project). Their files are at no address, and upstreams may be asked for their names. Give each index back under its name; releases move to another one with pypi-edge release promote, while it hosts them.";

/** With these indexes: what the start of a server says, and whether the dashboard says it too. */
async function said(indexes: Record<string, unknown>) {
  const worker = createWorker(parseConfig({ ...VARS, INDEXES: indexes }), { ...cloudflare(env), now: Date.now });
  const dashboard = (await new Rig({ INDEXES: indexes }).get("/-/", READER)).text();
  return [await worker.notice(), dashboard.includes("no longer has hosted = true")];
}

test("an index that is renamed, removed or hosts no more is said to have had packages, at the start and on the dashboard", async () => {
  await host("team", WHEEL);
  await host("prod", WHEEL);
  await host("prod", "other-1.0-py3-none-any.whl");
  await host("scratch", WHEEL);
  const { prod, scratch, ...others } = INDEXES;
  expect(await said({ ...others, production: prod, scratch: { sources: ["default"] } })).toEqual([SENTENCE, true]);
  expect(await said({ ...others, prod, scratch })).toEqual([undefined, false]);
});
