import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { ask, mirrored, spoil, statusOf, stored, verificationOf, verified, wheel } from "../support/mirrored.ts";
import { FollowedRig } from "../support/followed.ts";
import { filePath, Rig } from "../support/rig.ts";
import { keyOf, SOURCE } from "../support/swept.ts";
import { FakeUpstream } from "../support/upstream.ts";

const MINUTE = 60_000;
const ONE = "demo-1.0-py3-none-any.whl";
const TWO = "demo-2.0-py3-none-any.whl";
const PAGE = `${FakeUpstream.INDEX}demo/`;
const decoder = new TextDecoder();

/** A mirror of `demo`, with two releases, all of it stored. */
async function demo(vars: Record<string, unknown> = {}, platform = {}) {
  const rig = new Rig(vars, platform);
  await rig.upstream.publish("demo", [wheel("demo"), wheel("demo", "2.0")]);
  await mirrored(rig, "demo");
  rig.restart();
  return rig;
}

const rowOf = (key: string) => env.DB.prepare("SELECT * FROM object WHERE key = ?1").bind(key).first();

const fileOf = async (rig: Rig, filename: string) => {
  const { status, body } = await rig.get(filePath(filename));
  return `${status} ${decoder.decode(body)}`;
};

test("what is right is read whole, and nothing but the page is asked of the upstream", async () => {
  const rig = await demo();
  rig.forget();
  expect(await verified(rig)).toMatchObject({ projects: 1, passed: 1, verified: 1, objects: 4, lines: [], counts: [] });
  expect(rig.upstream.requests).toEqual([`GET ${PAGE}`]);
  expect(rig.counts["r2.put"]).toBeUndefined();
});

/** What is done to the file of a project, and what is found then. */
const FAULTS: Readonly<Record<string, readonly [inject: (key: string) => Promise<unknown>, found: string]>> = {
  "bit-has-flipped": [(key) => spoil(key), "file-damaged: FILE has other bytes than its digest says"],
  "end-is-lost": [(key) => spoil(key, (bytes) => bytes.slice(0, 5)), "file-damaged: FILE has 5 bytes instead of "],
  // With all that belongs to the other file.
  "swapped-for-other": [
    async (key) => {
      const other = await env.FILES.get(keyOf("sound-1.0-py3-none-any.whl"));
      await env.FILES.put(key, (await other?.bytes()) ?? "", { customMetadata: other?.customMetadata ?? {} });
    },
    "file-damaged: FILE has ",
  ],
  "metadata-has-flipped": [
    (key) => spoil(key.replace("file/", "metadata/")),
    "file-damaged: FILE.metadata has other bytes than its digest says",
  ],
  "no-object": [(key) => env.FILES.delete(key), "file-missing: FILE has a row, but no object"],
  "no-row": [
    (key) => env.DB.prepare("DELETE FROM object WHERE key = ?1").bind(key).run(),
    "file-without-row: FILE is stored, but has no row",
  ],
  // As a stop of the process leaves it, after the object of what was replaced or fetched again is stored and before its row is.
  "row-has-no-size": [
    (key) => env.DB.prepare("UPDATE object SET size = 0 WHERE key = ?1").bind(key).run(),
    "file-without-row: FILE is stored, but has no row",
  ],
  "neither-of-them": [
    async (key) => {
      await env.FILES.delete(key);
      await env.DB.prepare("DELETE FROM object WHERE key = ?1").bind(key).run();
    },
    "file-missing: FILE is not stored",
  ],
};

test("a file whose row is written a moment later, or deleted a moment after it, is no fault", async () => {
  const acts: (() => Promise<unknown>)[] = [];
  const rig = await demo({}, { sleep: () => acts.pop()?.() ?? Promise.resolve() });
  const [late, swept] = [keyOf(ONE), keyOf("other-1.0-py3-none-any.whl")];
  await rig.upstream.publish("other", [wheel("other")]);
  await rig.get("/simple/other/");
  await rig.get(filePath("other-1.0-py3-none-any.whl"));
  rig.restart();
  const row = await env.DB.prepare("DELETE FROM object WHERE key = ?1 RETURNING *").bind(late).first();
  const [columns, values] = [Object.keys(row ?? {}), Object.values(row ?? {})];
  await env.FILES.delete(swept);
  acts.push(async () => {
    await env.DB.prepare(`INSERT INTO object (${columns.join()}) VALUES (${columns.map(() => "?").join()})`)
      .bind(...values)
      .run();
    await env.DB.prepare("DELETE FROM object WHERE key = ?1").bind(swept).run();
  });
  expect((await verified(rig, { cached: true })).lines).toEqual([]);
});

describe("what is injected is found, and healed by a repair", () => {
  test("files and rows that are missing, damaged or swapped", async () => {
    const rig = new Rig();
    const faulty = Object.entries(FAULTS).map(([project, [inject, found]]) => {
      const { filename } = wheel(project);
      return { project, inject, filename, found: found.replace("FILE", `${project} ${filename}`) };
    });
    for (const project of [...Object.keys(FAULTS), "sound"]) await rig.upstream.publish(project, [wheel(project)]);
    await mirrored(rig, ...Object.keys(FAULTS), "sound");
    rig.restart();
    for (const { inject, filename } of faulty) await inject(keyOf(filename));

    const before = await env.FILES.list();
    const sorted = faulty.toSorted((one, other) => (one.project < other.project ? -1 : 1));
    expect((await verified(rig)).lines).toEqual(sorted.map(({ found }) => expect.stringContaining(found)));
    // Only a repair changes anything.
    expect((await env.FILES.list()).objects.map(({ etag }) => etag)).toEqual(before.objects.map(({ etag }) => etag));
    rig.restart();
    const { lines } = await verified(rig, { repair: true });
    expect(lines).toEqual(sorted.map(({ found }) => expect.stringContaining(`repaired ${found}`)));
    rig.restart();
    expect((await verified(rig)).lines).toEqual([]);
    for (const { project, filename } of faulty) {
      expect(await fileOf(rig, filename)).toBe(`200 the bytes of ${project} 1.0`);
      expect(await rowOf(keyOf(filename))).toMatchObject({ mirrored: 1 });
    }
    expect(await statusOf(rig)).toMatchObject({ projects: 9, files: 9, missing: 0, errors: 0, isIdle: true });
  });

  test("a stale page, though its validators are the upstream's, is replaced when it is looked at", async () => {
    const rig = await demo();
    const key = `page/4/${SOURCE}/demo`;
    const old = await env.PAGES.getWithMetadata<object>(key, "arrayBuffer");
    await rig.upstream.publish("demo", [wheel("demo"), wheel("demo", "2.0"), wheel("demo", "3.0")]);
    // It answers 304 to whoever asks whether the page has changed.
    const now = await rig.upstream.get(PAGE);
    rig.upstream.on(PAGE, (request) =>
      request.headers.has("If-None-Match") ? new Response(null, { status: 304 }) : now.clone(),
    );
    expect(old.value).not.toBeNull();
    rig.wait(MINUTE);
    const { lines } = await verified(rig);
    expect(lines).toEqual([
      "file-missing: demo demo-3.0-py3-none-any.whl is not stored",
      "file-missing: demo demo-3.0-py3-none-any.whl.metadata is not stored",
      "repaired page-outdated: demo  was not stored as the upstream has its page",
    ]);
    await verified(rig, { repair: true });
    expect(await stored()).toContain("demo-3.0-py3-none-any.whl");
  });

  test("a stored page with other content than was stored, or with bytes that are no page", async () => {
    for (const bytes of [undefined, new Uint8Array([1, 2, 3])]) {
      const rig = await demo();
      const key = `page/4/${SOURCE}/demo`;
      const { value, metadata } = await env.PAGES.getWithMetadata<object>(key, "stream");
      const text = await new Response(value?.pipeThrough(new DecompressionStream("gzip"))).text();
      const changed = new Response(text.replaceAll("demo-1.0", "demo-1.1")).body?.pipeThrough(
        new CompressionStream("gzip"),
      );
      await env.PAGES.put(key, bytes ?? (await new Response(changed).arrayBuffer()), { metadata: metadata ?? {} });
      expect((await verified(rig)).lines).toEqual([
        "repaired page-outdated: demo  was not stored as the upstream has its page",
      ]);
      rig.restart();
      expect((await rig.page("demo")).json?.files.map(({ filename }) => filename)).toEqual([ONE, TWO]);
    }
  });
});

describe("what the upstream does not say", () => {
  test("a project that has vanished is told, and its files stay where the configuration says nothing else", async () => {
    const rig = await demo();
    rig.upstream.on(PAGE, () => new Response(null, { status: 404 }));
    await spoil(keyOf(TWO));
    expect((await verified(rig, { repair: true })).lines).toEqual([
      "project-vanished: demo  is no longer there upstream",
      expect.stringMatching(
        /^file-damaged: demo demo-2\.0.*and could not be fetched again: its page does not list it$/,
      ),
    ]);
    expect(await stored()).toContain(ONE);
    expect(await stored()).not.toContain(TWO);
  });

  test.each([
    ["keep", [ONE, TWO]],
    ["drop", []],
  ] as const)("on_upstream_removal = %s holds for it", async (removal, left) => {
    const rig = await demo({ UPSTREAMS: { pypi: { url: FakeUpstream.INDEX, on_upstream_removal: removal } } });
    rig.upstream.on(PAGE, () => new Response(null, { status: 410 }));
    expect((await verified(rig, { repair: true })).lines).toEqual([
      expect.stringMatching(/^project-vanished: demo {2}is no longer there upstream/),
    ]);
    expect((await stored()).filter((name) => !name.startsWith("metadata"))).toEqual(left);
  });

  test("a failure of the upstream is no absence: the project is not checked, and all of it stays", async () => {
    const rig = await demo({ UPSTREAMS: { pypi: { url: FakeUpstream.INDEX, on_upstream_removal: "drop" } } });
    rig.upstream.on(PAGE, () => new Response(null, { status: 500 }));
    await spoil(keyOf(ONE));
    const { lines, verified: count } = await verified(rig, { repair: true });
    expect([lines, count]).toEqual([[expect.stringMatching(/^not-checked: demo {2}.*500/)], 0]);
    expect(await stored()).toHaveLength(4);
  });

  test("a file that cannot be fetched again is told with the reason, and fetched by the mirror later", async () => {
    const rig = await demo();
    const url = `${FakeUpstream.FILES}${ONE}`;
    const right = await rig.upstream.get(url);
    rig.upstream.on(url, () => new Response("other bytes"));
    await spoil(keyOf(ONE));
    expect((await verified(rig, { repair: true })).lines).toEqual([
      expect.stringMatching(/^file-damaged: .* and could not be fetched again: it could not be stored$/),
    ]);
    expect(await statusOf(rig)).toMatchObject({ missing: 1, errors: 1 });
    rig.upstream.on(url, () => right.clone());
    rig.wait(10 * MINUTE);
    await rig.tick("* * * * *");
    await rig.deliverMirrors();
    expect(await fileOf(rig, ONE)).toBe("200 the bytes of demo 1.0");
  });

  test("a pause that it asks for is kept, and the verification goes on where it was", async () => {
    const rig = await demo();
    let asked = 0;
    const page = await rig.upstream.get(PAGE);
    rig.upstream.on(PAGE, () => {
      asked += 1;
      return asked === 1 ? new Response(null, { status: 429, headers: { "Retry-After": "600" } }) : page.clone();
    });
    expect(await verified(rig)).toMatchObject({ ended: null, passed: 0, retry: "2026-11-22T12:10:00.000Z" });
    rig.wait(9 * MINUTE);
    await rig.tick("* * * * *");
    await rig.deliverMirrors();
    expect(asked).toBe(1);
    rig.wait(MINUTE + 1_000);
    await rig.tick("* * * * *");
    await rig.deliverMirrors();
    expect(await verificationOf(rig)).toMatchObject({ passed: 1, verified: 1, lines: [], ended: expect.any(String) });
  });

  test("where it asks for a pause at one project again and again, that one is not checked, and the rest is", async () => {
    const rig = await demo();
    await rig.upstream.publish("other", [wheel("other")]);
    await mirrored(rig, "other");
    rig.upstream.on(PAGE, () => new Response(null, { status: 503, headers: { "Retry-After": "60" } }));
    await verified(rig);
    for (let minute = 0; minute < 6; minute++) {
      rig.wait(MINUTE + 1_000);
      await rig.tick("* * * * *");
      await rig.deliverMirrors();
    }
    expect(await verificationOf(rig)).toMatchObject({
      ended: expect.any(String),
      passed: 2,
      verified: 1,
      lines: [expect.stringMatching(/^not-checked: demo {2}/)],
    });
  });

  test("what is newer than its change log has come to is no fault, and left to the mirror", async () => {
    const rig = new FollowedRig();
    const publish = (serial: number, ...versions: string[]) =>
      rig.upstream.publish(
        "demo",
        versions.map((version) => wheel("demo", version)),
        { meta: { "api-version": "1.1", "_last-serial": serial } },
      );
    await publish(rig.feed.change("demo"), "1.0");
    await rig.tick("* * * * *");
    await rig.minute();
    await mirrored(rig, "demo");
    await publish(rig.feed.change("demo"), "1.0", "2.0");
    expect(await verified(rig, { repair: true })).toMatchObject({ verified: 1, objects: 2, lines: [] });
    expect(await stored()).toHaveLength(2);
    await rig.minute();
    await rig.deliverMirrors();
    expect(await stored()).toHaveLength(4);
  });
});

describe("how far it goes", () => {
  test("a run whose time is up leaves the rest to the next one, in the midst of a project, at the mirror's pace", async () => {
    const rig: Rig = new Rig(
      { UPSTREAMS: { pypi: { url: FakeUpstream.INDEX, mirror: { max_requests_per_second: 0.01 } } } },
      { sleep: async (milliseconds) => rig.wait(milliseconds) },
    );
    await rig.upstream.publish(
      "demo",
      Array.from({ length: 7 }, (_, at) => wheel("demo", `1.${at}`)),
    );
    await mirrored(rig, "demo");
    for (let at = 0; at < 7; at++) await spoil(keyOf(`demo-1.${at}-py3-none-any.whl`));
    rig.restart();
    rig.forget();
    const began = rig.now;
    const { counts, lines, objects } = await verified(rig, { repair: true });
    expect(counts).toEqual([{ kind: "file-damaged", found: 7, repaired: 7 }]);
    expect(lines.every((line) => line.startsWith("repaired"))).toBe(true);
    expect(objects).toBe(14);
    const files = rig.upstream.requests.filter((line) => line.endsWith(".whl"));
    expect([files.length, new Set(files).size]).toEqual([7, 7]);
    expect(rig.now - began).toBeGreaterThanOrEqual((rig.upstream.requests.length - 3) * 100_000);
  });

  test("a second request has the same verification go on, and another demand begins anew", async () => {
    const rig = await demo();
    const first = (await ask(rig, "verification", {}))["verification"];
    rig.wait(MINUTE);
    expect((await ask(rig, "verification", {}))["verification"]).toEqual(first);
    expect((await ask(rig, "verification", { repair: true }))["verification"]).toMatchObject({
      began: "2026-11-22T12:01:00.000Z",
      repair: true,
    });
  });

  test("mirror run --wait does not wait for it", async () => {
    const rig = await demo();
    await ask(rig, "verification", {});
    await env.DB.prepare("UPDATE mirror_run SET leased_until = ?1")
      .bind(rig.now + MINUTE)
      .run();
    expect(await statusOf(rig)).toMatchObject({ isIdle: true, run: { isUnderWay: true } });
    await env.DB.prepare("UPDATE mirror_verification SET ended_at = 1").run();
    expect(await statusOf(rig)).toMatchObject({ isIdle: false });
  });

  test("what is only cached is verified where that is asked for, and hosted files never are", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [wheel("demo"), wheel("demo", "2.0")]);
    await rig.get(filePath(ONE));
    await spoil(keyOf(ONE));
    await env.FILES.put("hosted/00/1", "an upload");
    rig.restart();
    expect(await verified(rig, { repair: true })).toMatchObject({ projects: 0, lines: [] });
    const { lines, projects } = await verified(rig, { repair: true, cached: true });
    expect([projects, lines]).toEqual([1, [expect.stringContaining(`repaired file-damaged: demo ${ONE}`)]]);
    expect((await stored()).filter((name) => !name.startsWith("metadata"))).toEqual([ONE]);
    expect(await rowOf(keyOf(ONE))).toMatchObject({ mirrored: 0 });
    expect(await (await env.FILES.get("hosted/00/1"))?.text()).toBe("an upload");
  });
});
