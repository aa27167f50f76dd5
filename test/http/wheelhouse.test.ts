import { env } from "cloudflare:workers";
import { unpackTar } from "modern-tar";
import { afterEach, describe, expect, test, vi } from "vitest";
import { drain } from "../support/large.ts";
import { packaged, shelf, uvLock, type Package } from "../support/locked.ts";
import { ADMIN_TOKEN, filePath, Rig } from "../support/rig.ts";
import { FakeUpstream, sha256, type FakeFile } from "../support/upstream.ts";

afterEach(() => void vi.restoreAllMocks());

const lockOf = (packages: readonly Package[]) =>
  uvLock(packages.map(({ name, wheel, sdist }) => ({ name, files: [wheel, sdist] })));

const wheelhouse = (rig: Rig, lock: string, query = "filename=uv.lock") => rig.post(`wheelhouse?${query}`, lock);

const open = (rig: Rig, lock: string) =>
  rig.open("/-/api/wheelhouse?filename=uv.lock", {
    method: "POST",
    body: lock,
    headers: { Authorization: `Bearer ${ADMIN_TOKEN}` },
  });

/** What a wheel of a long name is called: it needs a header more. */
const LONG = `long-1.0-${Array.from({ length: 12 }, (_, at) => `cp3${at}`).join(".")}-none-${"manylinux_2_17_x86_64.".repeat(4)}any.whl`;

async function one(file: Partial<FakeFile> = {}) {
  const rig = new Rig();
  const { wheel } = await packaged("demo");
  await rig.upstream.publish("demo", [{ ...wheel, ...file }]);
  return { rig, wheel, lock: await uvLock([{ name: "demo", files: [wheel] }]) };
}

describe("a wheelhouse", () => {
  test("is a tar of exactly the lock's files, in the order of their names, with their dates", async () => {
    const { rig, packages } = await shelf(3);
    await rig.upstream.publish("other", [(await packaged("other")).wheel]);
    const answer = await wheelhouse(rig, await lockOf(packages));
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "application/x-tar",
      "content-length": String(answer.body.byteLength),
      "content-disposition": 'attachment; filename="wheelhouse.tar"',
      "cache-control": "no-store",
    });
    const members = await unpackTar(answer.body, { strict: true });
    const files = packages.flatMap(({ wheel, sdist }) => [wheel, sdist]);
    expect(members.map(({ header }) => header.name)).toEqual(files.map(({ filename }) => filename).toSorted());
    for (const { header, data } of members) {
      expect(header).toMatchObject({ mode: 0o644, uid: 0, gid: 0, type: "file" });
      expect(header.mtime).toEqual(new Date("2026-01-02T03:04:05Z"));
      expect(data).toEqual(files.find(({ filename }) => filename === header.name)?.bytes);
    }
  });

  test.each(["wheelhouse", "warm"])("%s counts as a use of what is stored: a sweep leaves it", async (route) => {
    const { rig, packages } = await shelf(1);
    const lock = await lockOf(packages);
    await wheelhouse(rig, lock);
    rig.wait(24 * 3_600_000);
    const usedAt = rig.now;
    await rig.post(`${route}?filename=uv.lock`, lock);
    const { results } = await env.DB.prepare("SELECT DISTINCT used_at FROM object WHERE key LIKE 'file/%'").all();
    expect(results).toEqual([{ used_at: usedAt }]);
  });

  test("stores anew what was deleted meanwhile, although this isolate has it in memory", async () => {
    const { rig, packages } = await shelf(1);
    const lock = await lockOf(packages);
    await wheelhouse(rig, lock);
    for (const { wheel, sdist } of packages) {
      await rig.get(filePath(wheel.filename));
      await rig.get(filePath(sdist.filename));
    }
    for (const { key } of (await env.FILES.list()).objects) await env.FILES.delete(key);
    await wheelhouse(rig, lock);
    expect((await env.FILES.list({ prefix: "file/" })).objects).toHaveLength(2);
  });

  test("has the same bytes each time, and costs no request once all is stored", async () => {
    const { rig, packages } = await shelf(3);
    const lock = await lockOf(packages);
    const cold = await wheelhouse(rig, lock);
    const fetched = rig.upstream.requests.filter((line) => line.includes(FakeUpstream.FILES));
    expect(fetched).toHaveLength(6);
    rig.forget();
    rig.restart();
    rig.upstream.down = true;
    expect((await wheelhouse(rig, lock)).body).toEqual(cold.body);
    expect(rig.upstream.requests).toEqual([]);
    expect([rig.counts["r2.head"], rig.counts["r2.get"], rig.counts["r2.put"]]).toEqual([6, 6, undefined]);
  });

  test("says its length where a name is too long for one header, and has it", async () => {
    const bytes = new Uint8Array(700_001).fill(7);
    const rig = new Rig();
    await rig.upstream.publish("long", [{ filename: LONG, bytes }]);
    expect(LONG.length).toBeGreaterThan(100);
    const answer = await wheelhouse(rig, await uvLock([{ name: "long", files: [{ filename: LONG, bytes }] }]));
    expect(answer.headers.get("Content-Length")).toBe(String(answer.body.byteLength));
    const members = await unpackTar(answer.body, { strict: true });
    expect(members.map(({ header, data }) => [header.name, data])).toEqual([[LONG, bytes]]);
  });

  test("has what an environment would install where it is narrowed", async () => {
    const { rig, packages } = await shelf(2);
    const answer = await wheelhouse(rig, await lockOf(packages), "filename=uv.lock&python=3.12");
    const members = await unpackTar(answer.body);
    expect(members.map(({ header }) => header.name)).toEqual(packages.map(({ wheel }) => wheel.filename));
  });

  test.each(["cp312-cp312-any", "cp39-abi3-any", "cp312-cp312-manylinux_2_39_x86_64", "py308-none-any"])(
    "has the sdist where the wheel has the tags %s, which no installer takes there",
    async (tags) => {
      const rig = new Rig();
      const { wheel, sdist } = await packaged("demo");
      const odd = { ...wheel, filename: `demo-1.0-${tags}.whl` };
      await rig.upstream.publish("demo", [odd, sdist]);
      const lock = await uvLock([{ name: "demo", files: [odd, sdist] }]);
      const query = "filename=uv.lock&python=3.12&platform=manylinux_2_28_x86_64";
      const members = await unpackTar((await wheelhouse(rig, lock, query)).body, { strict: true });
      expect(members.map(({ header }) => header.name)).toEqual([sdist.filename]);
    },
  );

  test("of a lock all of which comes from elsewhere is an empty tar", async () => {
    const answer = await wheelhouse(new Rig(), "-e ./mine\n", "filename=requirements.txt");
    expect([answer.status, await unpackTar(answer.body, { strict: true })]).toEqual([200, []]);
  });
});

describe("a wheelhouse is refused before its first byte", () => {
  test("where the upstream does not have a file that its page lists", async () => {
    const { rig, wheel, lock } = await one();
    rig.upstream.on(FakeUpstream.FILES + wheel.filename, () => new Response(null, { status: 404 }));
    const answer = await wheelhouse(rig, lock);
    expect([answer.status, answer.text()]).toEqual([422, expect.stringContaining(wheel.filename)]);
  });

  test.each([
    ["sends other bytes", () => new Response(new Uint8Array(9)), {}],
    ["sends other bytes of the same number", (size: number) => new Response(new Uint8Array(size)), {}],
    ["answers 500", () => new Response(null, { status: 500 }), {}],
    ["is silent about the size and sends too little", () => new Response(new Uint8Array(9)), { size: undefined }],
  ])("where the upstream %s", async (_what, answered, entry) => {
    const { rig, wheel, lock } = await one({ entry });
    rig.upstream.on(FakeUpstream.FILES + wheel.filename, () => answered(wheel.bytes.byteLength));
    const answer = await wheelhouse(rig, lock);
    expect([answer.status, answer.text()]).toEqual([503, expect.stringContaining(wheel.filename)]);
    await rig.upstream.publish("demo", [wheel]);
    expect((await wheelhouse(rig, lock)).status).toBe(200);
  });

  test.each(["r2.put", "r2.head"])(
    "where the store fails at %s, and works when it is there again",
    async (operation) => {
      const { rig, lock } = await one();
      rig.breakOnce(operation);
      const answer = await wheelhouse(rig, lock);
      expect([answer.status, answer.text()]).toEqual([503, expect.stringMatching(/stor/)]);
      rig.wait(61_000);
      expect((await wheelhouse(rig, lock)).status).toBe(200);
    },
  );

  test("where a stored file was verified with another digest than the page has now", async () => {
    const { rig, wheel } = await one();
    await rig.get(filePath(wheel.filename));
    const other = { ...wheel, bytes: new Uint8Array(10) };
    await rig.upstream.publish("demo", [other]);
    rig.wait(3_600_000);
    const lock = await uvLock([{ name: "demo", files: [other] }]);
    // The upstream has replaced it, and so has the store.
    expect((await wheelhouse(rig, lock)).status).toBe(200);
    const customMetadata = { project: "demo", digest: `sha256=${await sha256(wheel.bytes)}`, modifiedAt: "0" };
    const key = `file/${encodeURIComponent(FakeUpstream.INDEX)}/files.upstream.test/packages/${wheel.filename}`;
    await env.FILES.put(key, wheel.bytes, { customMetadata });
    const answer = await wheelhouse(rig, lock);
    expect([answer.status, answer.text()]).toEqual([422, expect.stringContaining("another digest")]);
  });

  test("where two files of different projects have one name", async () => {
    const rig = new Rig();
    const { wheel } = await packaged("demo");
    await rig.upstream.publish("demo", [wheel]);
    await rig.upstream.publish("twin", [
      { ...wheel, entry: { url: `https://files.upstream.test/elsewhere/${wheel.filename}` } },
    ]);
    const lock = await uvLock([
      { name: "demo", files: [wheel] },
      { name: "twin", files: [wheel] },
    ]);
    const there = lock.replace(/(name = "twin"[^]*)\/packages\//, "$1/elsewhere/");
    const answer = await wheelhouse(rig, there);
    expect([answer.status, answer.text()]).toEqual([
      422,
      expect.stringContaining(`Two files are called ${wheel.filename}`),
    ]);
    expect(rig.counts["r2.put"]).toBeUndefined();
  });
});

describe("the transfer of a wheelhouse", () => {
  test("breaks where the store fails in the middle, and never ends as if it were whole", async () => {
    const { rig, packages } = await shelf(3);
    const lock = await lockOf(packages);
    await wheelhouse(rig, lock);
    rig.restart();
    rig.breakOnce("r2.get");
    const warned = vi.spyOn(console, "warn");
    const { response, settled } = await open(rig, lock);
    expect(response.status).toBe(200);
    expect((await drain(response)).broken).toBe(true);
    await settled();
    expect(warned.mock.calls.flat()).toEqual(["storage-failed: p0-1.0-py3-none-any.whl: r2.get failed"]);
  });

  test("breaks where a file has become another while the tar was begun", async () => {
    const { rig, lock } = await one();
    await wheelhouse(rig, lock);
    const shrinking = new Proxy(env.FILES, {
      get: (target, property) =>
        property === "get"
          ? async (key: string) => {
              await target.put(key, "short");
              return target.get(key);
            }
          : (Reflect.get(target, property) as (...args: unknown[]) => unknown).bind(target),
    });
    const later = new Rig({}, { objects: shrinking, fetch: rig.upstream.fetch });
    const { response, settled } = await open(later, lock);
    expect(response.status).toBe(200);
    expect((await drain(response)).broken).toBe(true);
    await settled();
  });

  test("ends with its client", async () => {
    const { rig, packages } = await shelf(2);
    // More than is packed ahead.
    const large = { filename: "large-1.0.tar.gz", bytes: new Uint8Array(12_000_000) };
    await rig.upstream.publish("large", [large]);
    const lock = await uvLock([
      { name: "large", files: [large] },
      ...packages.map(({ name, wheel }) => ({ name, files: [wheel] })),
    ]);
    await wheelhouse(rig, lock);
    rig.forget();
    rig.restart();
    const warned = vi.spyOn(console, "warn");
    const { response, settled } = await open(rig, lock);
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await settled();
    expect([rig.counts["r2.get"], warned.mock.calls]).toEqual([1, []]);
  });
});
