import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { filesOn, host, OPEN_TEAM, pageIn } from "../../support/hosted.ts";
import { Rig } from "../../support/rig.ts";

describe("a hosted page", () => {
  test("has all facts of each file", async () => {
    const rig = new Rig(OPEN_TEAM);
    const wheel = await host("acme", "acme-1.0-py3-none-any.whl", {
      metadata: "Name: acme\n",
      requiresPython: ">=3.9",
    });
    const sdist = await host("acme", "acme-1.0.tar.gz", { yanked: "broken", uploadedAt: 1_790_000_000_000 });
    const page = await pageIn(rig, "/team", "acme");
    expect(page.json).toEqual({
      meta: { "api-version": "1.4" },
      name: "acme",
      versions: ["1.0"],
      files: [
        {
          filename: "acme-1.0.tar.gz",
          url: `../..${sdist.path}`,
          hashes: { sha256: sdist.sha256 },
          size: sdist.bytes.byteLength,
          "upload-time": "2026-09-21T14:13:20.000Z",
          yanked: "broken",
        },
        {
          filename: "acme-1.0-py3-none-any.whl",
          url: `../..${wheel.path}`,
          hashes: { sha256: wheel.sha256 },
          "requires-python": ">=3.9",
          size: wheel.bytes.byteLength,
          "upload-time": "2026-11-01T10:00:00.123Z",
          yanked: false,
          "core-metadata": { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
        },
      ],
    });
    expect(rig.upstream.requests).toEqual([]);
  });

  test("costs one read of the database, and is made once a change", async () => {
    const rig = new Rig(OPEN_TEAM);
    await host("acme", "acme-1.0.tar.gz");
    const first = await pageIn(rig, "/team", "acme");
    rig.forget();
    const again = await pageIn(rig, "/team", "acme");
    expect(rig.counts).toEqual({ "d1.prepare": 1 });
    expect([again.text(), again.headers.get("ETag")]).toEqual([first.text(), first.headers.get("ETag")]);
    expect(again.headers.get("Cache-Status")).toContain("memory");
    await host("acme", "acme-1.1.tar.gz");
    expect(filesOn(await pageIn(rig, "/team", "acme"))).toEqual(["acme-1.0.tar.gz", "acme-1.1.tar.gz"]);
  });
});

describe("a page of very many hosted files", () => {
  test("is stored, and made again after a change", async () => {
    const rig = new Rig(OPEN_TEAM);
    await host("big", "big-0.1.tar.gz");
    await env.DB.exec(
      "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1199) INSERT INTO hosted_file SELECT 'team', 'big', i, 'big-1.' || i || '.tar.gz', '1.' || i, lower(hex(randomblob(32))), 1, 'hosted/x', NULL, NULL, 1, NULL, NULL, NULL FROM n",
    );
    const first = await pageIn(rig, "/team", "big");
    expect(filesOn(first)).toHaveLength(1_201);
    rig.restart();
    rig.forget();
    const again = await pageIn(rig, "/team", "big");
    expect(rig.counts).toEqual({ "d1.prepare": 2, "kv.getWithMetadata": 1 });
    expect([again.headers.get("Cache-Status"), again.text()]).toEqual(["pypi-edge; hit; detail=kv", first.text()]);
    await host("big", "big-2.0.tar.gz");
    expect(filesOn(await pageIn(rig, "/team", "big"))).toHaveLength(1_202);
  });
});

test("a name that is not hosted costs one read of the database more than in the index below", async () => {
  const rig = new Rig(OPEN_TEAM);
  await rig.upstream.publish("demo", []);
  await rig.page("demo");
  rig.restart();
  rig.forget();
  expect((await pageIn(rig, "/team", "demo")).status).toBe(200);
  expect(rig.counts).toEqual({ "d1.prepare": 1, "kv.getWithMetadata": 1 });
});
