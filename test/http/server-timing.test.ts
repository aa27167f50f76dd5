import { expect, test } from "vitest";
import { teamOf } from "../support/hosted.ts";
import { ADMIN_TOKEN, filePath, Rig } from "../support/rig.ts";
import { bearer } from "../support/tokens.ts";

/** All that the header may say. */
const TIMING = /^(?:from;desc=(?:memory|cache|kv|r2|d1|stale|upstream), )?total;dur=\d+(?:, upstream;dur=\d+)?$/;

const timingOf = async (rig: Rig, path: string, headers: Record<string, string> = {}, method?: string) =>
  (await rig.get(path, headers, method)).headers.get("Server-Timing");

test("an answer says which layer gave it, and how long its head and the upstream took", async () => {
  const rig = new Rig();
  const { upstream } = rig;
  const wheel = { filename: "slow-1.0-py3-none-any.whl", bytes: new Uint8Array(9) };
  await upstream.publish("slow", [wheel]);
  const page = new TextEncoder().encode(JSON.stringify({ meta: { "api-version": "1.0" }, name: "slow", files: [] }));
  upstream.on("https://upstream.test/simple/slow/", () => {
    rig.wait(700);
    return new Response(page);
  });
  expect(await timingOf(rig, "/simple/slow/")).toBe("from;desc=upstream, total;dur=700, upstream;dur=700");
  expect(await timingOf(rig, "/simple/slow/")).toBe("from;desc=memory, total;dur=0");
  rig.restart();
  expect(await timingOf(rig, "/simple/slow/")).toBe("from;desc=kv, total;dur=0");
  upstream.down = true;
  rig.wait(601_000);
  expect(await timingOf(rig, "/simple/slow/")).toMatch(/^from;desc=stale, total;dur=\d+, upstream;dur=\d+$/);
});

test("each kind of answer has it, with the same few names and nothing of the request", async () => {
  const rig = new Rig(teamOf({}));
  const wheel = { filename: "demo-1.0-py3-none-any.whl", bytes: new Uint8Array(9) };
  await rig.upstream.publish("demo", [wheel]);
  const admin = bearer(ADMIN_TOKEN);
  const file = filePath(wheel.filename);
  const answers = await Promise.all([
    timingOf(rig, "/"),
    timingOf(rig, "/-/", admin),
    timingOf(rig, "/-/health"),
    timingOf(rig, "/-/metrics", admin),
    timingOf(rig, "/-/api/audit", admin),
    timingOf(rig, "/-/api/audit"),
    timingOf(rig, "/simple/Demo/"),
    timingOf(rig, "/simple/demo/"),
    timingOf(rig, "/@before=2026-11-01/simple/demo/"),
    timingOf(rig, "/simple/absent/"),
    timingOf(rig, "/team/simple/acme-secret/"),
    timingOf(rig, file),
    timingOf(rig, file, {}, "HEAD"),
    timingOf(rig, "/nothing"),
    timingOf(rig, "/simple/", {}, "DELETE"),
    timingOf(rig, "/simple/demo/", {}, "OPTIONS"),
  ]);
  expect(answers.filter((timing) => !TIMING.test(timing ?? ""))).toEqual([]);
});

test("a clock that is set back makes no duration negative", async () => {
  const rig = new Rig();
  rig.upstream.on("https://upstream.test/simple/demo/", () => {
    rig.wait(-5_000);
    return new Response("{}", { status: 404 });
  });
  expect(await timingOf(rig, "/simple/demo/")).toBe("total;dur=0, upstream;dur=0");
});
