import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { READER } from "../support/hosted.ts";
import { mirrored, spoil, verified, wheel } from "../support/mirrored.ts";
import { Rig } from "../support/rig.ts";
import { keyOf } from "../support/swept.ts";
import { FakeUpstream } from "../support/upstream.ts";

const SECOND = 1_000;

/** The samples of `/-/metrics` whose names begin so, without that. */
async function samples(rig: Rig, prefix: string): Promise<Record<string, number>> {
  const lines = (await rig.get("/-/metrics", READER)).text().split("\n");
  const own = lines.filter((line) => line.startsWith(`pypi_edge_${prefix}_`));
  return Object.fromEntries(
    own.map((line) => {
      const [name = "", value] = line.slice(`pypi_edge_${prefix}_`.length).split(" ");
      return [name.replace('{upstream="pypi"}', ""), Number(value)];
    }),
  );
}

test("each figure of a mirror moves with what it counts, and there is none where nothing is mirrored", async () => {
  const rig = new Rig();
  expect(await samples(rig, "mirror")).toEqual({});
  await rig.upstream.publish("demo", [wheel("demo"), wheel("demo", "2.0")]);
  const bad = "demo-2.0-py3-none-any.whl";
  const right = await rig.upstream.get(`${FakeUpstream.FILES}${bad}`);
  rig.upstream.on(`${FakeUpstream.FILES}${bad}`, () => new Response("other bytes"));
  await mirrored(rig, "demo");
  const bytes = 2 * wheel("demo").bytes.byteLength;
  const first = await samples(rig, "mirror");
  expect(first).toEqual({
    projects: 1,
    files: 2,
    bytes,
    missing: 1,
    errors: 1,
    lag_seconds: 0,
    run_timestamp_seconds: Math.floor(rig.now / SECOND),
    verified_timestamp_seconds: 0,
    findings: 0,
  });
  rig.wait(700 * SECOND);
  expect(await samples(rig, "mirror")).toEqual({ ...first, lag_seconds: 400 });
  await spoil(keyOf("demo-1.0-py3-none-any.whl"));
  rig.restart();
  rig.upstream.on(`${FakeUpstream.FILES}${bad}`, () => right.clone());
  await verified(rig);
  const later = Math.floor(rig.now / SECOND);
  expect(await samples(rig, "mirror")).toEqual({
    ...first,
    missing: 0,
    errors: 0,
    run_timestamp_seconds: later,
    verified_timestamp_seconds: later,
    findings: 1,
  });
  await mirrored(rig, "gone");
  expect(await samples(rig, "mirror")).toMatchObject({ projects: 2, errors: 1 });
  await rig.post("mirror/remove", JSON.stringify({ projects: ["demo", "gone"] }));
  await rig.deliverMirrors();
  expect(await samples(rig, "mirror")).toEqual({});
  const { results } = await env.DB.prepare("SELECT * FROM mirror_sum").all();
  expect(results).toEqual([expect.objectContaining({ projects: 0, unexamined: 0, files: 0, bytes: 0, missing: 0 })]);
});

test("the scrub's figures say how far it is, and what it found", async () => {
  const rig = new Rig({ SCRUB: 12 });
  await rig.upstream.publish("demo", [wheel("demo"), wheel("demo", "2.0")]);
  await mirrored(rig, "demo");
  expect(await samples(rig, "scrub")).toEqual({});
  await spoil(keyOf("demo-1.0-py3-none-any.whl"));
  await rig.tick("*/5 * * * *");
  expect(await samples(rig, "scrub")).toEqual({
    round_timestamp_seconds: 0,
    'objects{round="this"}': 1,
    'objects{round="last"}': 0,
    'damaged{round="this",of="mirrored"}': 1,
    'damaged{round="this",of="hosted"}': 0,
    'damaged{round="last",of="mirrored"}': 0,
    'damaged{round="last",of="hosted"}': 0,
  });
  for (let tick = 0; tick < 4; tick++) await rig.tick("*/5 * * * *");
  expect(await samples(rig, "scrub")).toMatchObject({
    round_timestamp_seconds: Math.floor(rig.now / SECOND),
    'objects{round="last"}': 4,
    'damaged{round="last",of="mirrored"}': 1,
  });
});
