import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { MINUTE } from "../../../worker/duration.ts";
import { Place } from "../../support/node/clients/place.ts";
import { smallContent } from "../../support/node/fake-index/content.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { Rig } from "../../support/node/rig.ts";
import { actor } from "../cast.ts";

/** More than `NEW_FROM_NETWORK` in wrangler.toml allows in a minute, and than may be asked for before another one begins. */
const ENOUGH = 10_000;
const { backends } = inject("supplies");

describe.skipIf(backends === null)("a stranger who asks for more new names than a network may in a minute", () => {
  let rig: Rig;
  /** A proxy in front of the server, which says that all clients are in one network of the internet. */
  let proxy: Server;
  let index: string;
  beforeAll(async () => {
    const content = fakeIndex(await smallContent(backends ?? ""), () => "pypi");
    rig = await Rig.open(content, "--trusted-proxy", "127.0.0.1");
    proxy = createServer((incoming, answer) => {
      const headers = { ...incoming.headers, "X-Forwarded-For": "8.8.8.8" };
      const { method, url } = incoming;
      const onward = request({ host: "127.0.0.1", port: rig.port, method, path: url, headers }, (found) => {
        answer.writeHead(found.statusCode ?? 502, found.statusMessage, found.headers);
        found.pipe(answer);
      });
      onward.on("error", () => answer.destroy());
      incoming.pipe(onward);
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    index = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/simple/`;
  });
  afterAll(async () => {
    proxy?.closeAllConnections();
    proxy?.close();
    await rig?.close();
  });

  const statusOf = async (name: string): Promise<number> => {
    const answer = await fetch(new URL(`${name}/`, index));
    await answer.arrayBuffer();
    return answer.status;
  };

  /** Requests are counted by the minute of the clock: what follows has to come to its end within one. */
  async function earlyInMinute(): Promise<void> {
    const passed = Date.now() % MINUTE;
    if (passed > MINUTE / 3) await sleep(MINUTE - passed);
  }

  let asked = 0;

  /** Does something after a request was refused, and before the minute is over. */
  async function refused<Result>(use: () => Promise<Result>): Promise<Result> {
    await earlyInMinute();
    const most = asked + ENOUGH;
    for (let isRefused = false; !isRefused; asked += 50) {
      expect(asked).toBeLessThan(most);
      const names = Array.from({ length: 50 }, (_, each) => `no-such-name-${asked + each}`);
      isRefused = (await Promise.all(names.map(statusOf))).includes(429);
    }
    return use();
  }

  async function within<Result>(use: (place: Place) => Promise<Result>): Promise<Result> {
    const place = await Place.make();
    try {
      return await use(place);
    } finally {
      place.remove();
    }
  }

  const withUv = (requirement: string) =>
    within((place) => actor("uv-pip").client().install(requirement, index, place));
  const withPip = (requirement: string) => within((place) => actor("pip").client().install(requirement, index, place));

  test("uv says what happened, and installs what is stored; pip waits for the next minute", async ({ skip }) => {
    skip(!actor("pip").available || !actor("uv-pip").available);
    expect((await withPip("picnic")).code).toBe(0);
    let uv = await refused(() => withUv("one-more"));
    // On a busy machine the next minute may have begun meanwhile.
    for (let again = 0; again < 3 && !uv.output.includes("429"); again++) uv = await refused(() => withUv("one-more"));
    expect(uv.code).not.toBe(0);
    expect(uv.output).toMatch(/429 Too Many Requests/);
    expect(uv.output).toContain("What is stored is served; for the rest wait for a minute, or use a token.");

    const stored = await withUv("picnic");
    expect([stored.code, stored.output]).toEqual([0, expect.any(String)]);

    // It waits for as long as the answer says, which is until the next minute at least.
    const pip = await withPip("gadget");
    expect([pip.code, pip.seconds > 30, pip.output]).toEqual([0, true, expect.any(String)]);
  });
});
