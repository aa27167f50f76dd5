import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { keeping } from "../support/followed.ts";
import { Rig } from "../support/rig.ts";

const MINUTE = 60_000;
const MONTH = 30 * 24 * 60 * MINUTE;
const ONE = { filename: "demo-1.0.tar.gz", bytes: new Uint8Array([1]) };
const TWO = { filename: "demo-2.0.tar.gz", bytes: new Uint8Array([2]) };

const filenames = async (rig: Rig) => (await rig.page("demo")).json?.files.map((file) => file["filename"]);

/** A rig with a page that was stored while its clock was a month ahead; `meanwhile` is what else happened then. */
async function setBack(meanwhile: (rig: Rig) => Promise<unknown> = async () => undefined): Promise<Rig> {
  const rig = new Rig();
  await rig.upstream.publish("demo", [ONE]);
  rig.wait(MONTH);
  await rig.page("demo");
  await meanwhile(rig);
  rig.wait(-MONTH);
  rig.restart();
  rig.upstream.down = false;
  rig.forget();
  return rig;
}

describe("a clock that is set back by a month", () => {
  test("keeps no page fresh: it is checked, and then fresh for ten minutes as ever", async () => {
    const rig = await setBack();
    await rig.upstream.publish("demo", [ONE, TWO]);
    expect(await filenames(rig)).toEqual([ONE.filename, TWO.filename]);
    rig.restart();
    rig.forget();
    expect(await filenames(rig)).toEqual([ONE.filename, TWO.filename]);
    expect(rig.upstream.requests).toEqual([]);
    rig.wait(11 * MINUTE);
    await rig.page("demo");
    expect(rig.upstream.requests).not.toEqual([]);
  });

  test("has an unchanged page checked once, not for each request", async () => {
    const rig = await setBack();
    await rig.page("demo");
    expect(rig.upstream.requests).toHaveLength(1);
    rig.restart();
    await rig.page("demo");
    expect(rig.upstream.requests).toHaveLength(1);
  });

  test("believes no check that was made in the time that is not yet", async () => {
    const rig = await setBack(async (ahead) => {
      ahead.wait(11 * MINUTE);
      await ahead.page("demo");
    });
    await rig.upstream.publish("demo", [ONE, TWO]);
    expect(await filenames(rig)).toEqual([ONE.filename, TWO.filename]);
  });

  test("does not keep an upstream that failed from being asked", async () => {
    const rig = await setBack(async (ahead) => {
      ahead.upstream.down = true;
      ahead.wait(11 * MINUTE);
      await ahead.page("demo");
    });
    await rig.upstream.publish("demo", [ONE, TWO]);
    expect(await filenames(rig)).toEqual([ONE.filename, TWO.filename]);
  });

  test("does not keep the change log from being read", async () => {
    const rig = await keeping(["demo"]);
    rig.wait(MONTH);
    rig.feed.instead = () => new Response(null, { status: 429, headers: { "Retry-After": "600" } });
    await rig.minute();
    rig.feed.instead = undefined;
    rig.wait(-MONTH);
    rig.restart();
    rig.feed.calls.length = 0;
    await rig.minute();
    expect(rig.feed.calls).not.toEqual([]);
  });

  test("believes no change log that was last read in the time that is not yet", async () => {
    const rig = await keeping(["demo"]);
    await rig.change("demo");
    await rig.minute();
    await rig.deliverRefreshes();
    await env.DB.prepare("UPDATE feed SET polled_at = polled_at + ?1").bind(MONTH).run();
    rig.restart();
    rig.forget();
    rig.wait(11 * MINUTE);
    await rig.page("demo");
    expect(rig.fetched()).toEqual(["demo"]);
  });
});

describe("a clock that is set forward by a month", () => {
  test("has a page checked, and serves it while the upstream is away", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [ONE]);
    await rig.page("demo");
    rig.wait(MONTH);
    rig.restart();
    rig.upstream.down = true;
    expect(await filenames(rig)).toEqual([ONE.filename]);
    rig.upstream.down = false;
    rig.wait(MINUTE);
    await rig.upstream.publish("demo", [ONE, TWO]);
    expect(await filenames(rig)).toEqual([ONE.filename, TWO.filename]);
  });
});
