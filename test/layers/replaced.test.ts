import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import {
  FILENAME,
  PATH,
  URL_OF_FILE,
  PAGE,
  TTL,
  bytesOf,
  A,
  B,
  textOf,
  served,
  metadata,
  listed,
  another,
  replaced,
  count,
} from "../support/replaced.ts";
import { filePath, Rig } from "../support/rig.ts";
import { FakeUpstream, sha256 } from "../support/upstream.ts";

describe("a file that is replaced under its URL", () => {
  test("is given as its page lists it now, from memory and after a restart, its metadata too", async () => {
    const rig = await replaced();
    expect(await listed(rig)).toEqual({ sha256: await sha256(B.bytes) });
    expect([await served(rig), await metadata(rig)]).toEqual([textOf(B.bytes), B.metadata]);
    rig.restart();
    expect([await served(rig), await metadata(rig)]).toEqual([textOf(B.bytes), B.metadata]);
    expect((await rig.get(PATH)).headers.get("ETag")).toBe(`"${await sha256(B.bytes)}"`);
  });

  test("is given by ranges as well, large or small", async () => {
    const large = { ...A, bytes: bytesOf("large, the first", 300_000) };
    const rig = await replaced({
      first: large,
      second: { ...B, bytes: bytesOf("LARGE, the second", 300_001), ranges: true },
    });
    await rig.page("demo");
    for (let n = 0; n < 2; n++) {
      expect((await rig.get(PATH, { Range: "bytes=4-8" })).text()).toBe("LARGE");
      rig.restart();
    }
  });

  test("is reported once with both digests, and counted", async () => {
    const rig = await replaced();
    const warn = vi.spyOn(console, "warn");
    await Promise.all([rig.page("demo"), rig.page("demo")]);
    rig.restart();
    rig.wait(TTL);
    await rig.page("demo");
    const lines = warn.mock.calls.map(([line]) => String(line)).filter((line) => line.startsWith("file-replaced"));
    warn.mockRestore();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(await sha256(A.bytes));
    expect(lines[0]).toContain(await sha256(B.bytes));
    expect(await count(rig)).toBe(1);
  });

  test("is purged at the edge with its project's tag, and once more later", async () => {
    const rig = await replaced();
    const purged: unknown[] = [];
    rig.edge = { purge: (what) => Promise.resolve(void purged.push(what)) };
    await rig.tick("* * * * *");
    rig.wait(1_000);
    await rig.page("demo");
    expect((await rig.get(PATH)).headers.get("Cache-Tag")).toBe("project-demo");
    for (let minute = 0; minute < 3; minute++) {
      rig.wait(60_000);
      await rig.tick("* * * * *");
    }
    expect(purged.filter((what) => JSON.stringify(what) === '["project-demo"]').length).toBeGreaterThanOrEqual(2);
  });

  test("is given when a job has refreshed its page", async () => {
    const rig = await replaced();
    await rig.deliverRefreshes([
      { source: encodeURIComponent(FakeUpstream.INDEX), projects: ["demo"], cause: "popular" },
    ]);
    expect([await served(rig), await metadata(rig)]).toEqual([textOf(B.bytes), B.metadata]);
  });

  test("is not given again by an isolate that has it in memory, after 50 s", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [A]);
    await rig.get(PATH);
    const other = another(rig);
    await other.get(PATH);
    await rig.upstream.publish("demo", [B]);
    rig.wait(TTL);
    other.wait(TTL - 50_000);
    await other.get(PATH);
    await rig.page("demo");
    other.wait(50_000);
    await other.page("demo");
    expect(await served(other)).toBe(textOf(B.bytes));
  });

  test("is refused, and not served with other bytes, to a client that has the earlier page", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [A]);
    await rig.get(PATH);
    const other = another(rig);
    await rig.upstream.publish("demo", [B]);
    other.wait(TTL - 2_000);
    // Clocks differ: to the other isolate its page is fresh still.
    expect(await listed(other)).toEqual({ sha256: await sha256(A.bytes) });
    rig.wait(TTL);
    await rig.page("demo");
    other.wait(500);
    const { response, settled } = await other.open(PATH);
    await expect(response.arrayBuffer()).rejects.toThrow(/./);
    await settled();
    other.wait(TTL);
    await other.page("demo");
    expect(await served(other)).toBe(textOf(B.bytes));
  });

  test("is not overwritten by a fill of the old bytes in another isolate that ends later", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [A]);
    const late = another(rig);
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    rig.upstream.on(URL_OF_FILE, () => {
      const body = new ReadableStream<Uint8Array>({
        async start(controller) {
          controller.enqueue(A.bytes.slice(0, 10));
          await released;
          controller.enqueue(A.bytes.slice(10));
          controller.close();
        },
      });
      return new Response(body.pipeThrough(new FixedLengthStream(A.bytes.byteLength)));
    });
    const { response, settled } = await late.open(PATH);
    const reading = response.arrayBuffer();
    await rig.page("demo");
    await rig.upstream.publish("demo", [B]);
    rig.wait(TTL);
    await rig.page("demo");
    release();
    // Whoever asked before gets what was listed then.
    expect(textOf(new Uint8Array(await reading))).toBe(textOf(A.bytes));
    await settled();
    rig.restart();
    expect(await served(rig)).toBe(textOf(B.bytes));
    rig.restart();
    expect(await served(rig)).toBe(textOf(B.bytes));
  });

  test("is stored by the queue with its new bytes, from an earlier message", async () => {
    const rig = new Rig({}, {}, { finishAlone: 1_000, maxPut: 1_000_000 });
    await rig.upstream.publish("demo", [A]);
    await rig.get(PATH);
    const messages = [...rig.queue.messages];
    await rig.deliver();
    await rig.upstream.publish("demo", [B]);
    rig.wait(TTL);
    await rig.page("demo");
    await rig.deliver(messages);
    rig.restart();
    rig.forget();
    expect(await served(rig)).toBe(textOf(B.bytes));
    expect(rig.upstream.requests).toEqual([]);
  });

  test("is no longer what the facts in D1 are of", async () => {
    const bare = { ...A, entry: { size: undefined, "core-metadata": undefined } };
    const rig = await replaced({
      first: bare,
      second: { ...B, entry: { size: undefined, "core-metadata": undefined } },
    });
    const page = await rig.page("demo");
    expect(page.json?.files[0]?.["size"]).toBeUndefined();
    const rows = await env.DB.prepare("SELECT size FROM file WHERE size = ?1").bind(A.bytes.byteLength).all();
    expect(rows.results).toEqual([]);
    await served(rig);
    const { results } = await env.DB.prepare("SELECT size FROM object WHERE key LIKE 'file/%'").all();
    expect(results).toEqual([{ size: B.bytes.byteLength }]);
  });
});

describe("what replaces a file", () => {
  test.each([
    ["another md5", { hashes: { md5: "a".repeat(32) } }, { hashes: {} }],
    ["a digest where there was none", { hashes: {} }, {}],
    ["another size where there is no digest", { hashes: {} }, { hashes: {}, size: 5_001 }],
    ["no digest where there was one", {}, { hashes: {} }],
  ])("is %s", async (_, first, second) => {
    const [a, b] = [bytesOf("the first bytes"), bytesOf("the second bytes", "size" in second ? 5_001 : 5_000)];
    const md5 = new Uint8Array(await crypto.subtle.digest("MD5", a)).toHex();
    const entry = "hashes" in first && "md5" in first.hashes ? { hashes: { md5 } } : first;
    const rig = await replaced({
      first: { filename: FILENAME, bytes: a, entry },
      second: { filename: FILENAME, bytes: b, entry: second },
    });
    await rig.page("demo");
    for (let n = 0; n < 2; n++) {
      expect(await served(rig)).toBe(textOf(b));
      rig.restart();
    }
  });

  test("is another digest of its metadata alone: the file stays", async () => {
    const rig = await replaced({ second: { ...A, metadata: B.metadata ?? "" } });
    await rig.page("demo");
    rig.restart();
    rig.forget();
    expect([await served(rig), await metadata(rig)]).toEqual([textOf(A.bytes), B.metadata]);
    expect(rig.upstream.requests).toEqual([`GET ${URL_OF_FILE}.metadata`]);
  });

  test("is not a first digest of metadata that was stored unverified", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [{ ...A, entry: { "core-metadata": true } }]);
    await rig.get(`${PATH}.metadata`);
    await rig.upstream.publish("demo", [{ ...A, metadata: B.metadata ?? "" }]);
    rig.wait(TTL);
    await rig.page("demo");
    rig.restart();
    expect(await metadata(rig)).toBe(B.metadata);
    expect(await count(rig)).toBe(0);
  });

  test("may be more files of a page than have tombstones", async () => {
    const rig = new Rig();
    const named = (bytes: Uint8Array) =>
      Array.from({ length: 205 }, (_, nth) => ({ filename: `demo-1.${nth}.tar.gz`, bytes }));
    await rig.upstream.publish("demo", named(A.bytes));
    for (const nth of [0, 204]) await rig.get(filePath(`demo-1.${nth}.tar.gz`));
    await rig.upstream.publish("demo", named(B.bytes));
    rig.wait(TTL);
    await rig.page("demo");
    for (const nth of [0, 204]) expect((await rig.get(filePath(`demo-1.${nth}.tar.gz`))).body).toEqual(B.bytes);
    expect(await count(rig)).toBe(201);
  });

  test("is not a further digest of the same bytes, nor another size beside the same digest", async () => {
    const hashes = { sha256: await sha256(A.bytes), blake2b: "ab".repeat(32) };
    const rig = await replaced({ second: { ...A, entry: { hashes, size: 7 } } });
    await rig.page("demo");
    rig.restart();
    rig.forget();
    expect(await served(rig)).toBe(textOf(A.bytes));
    expect(rig.upstream.requests).toEqual([]);
    expect(await count(rig)).toBe(0);
  });

  test("may have been off the page in between", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [A]);
    await rig.get(PATH);
    for (const files of [[], [B]]) {
      await rig.upstream.publish("demo", files);
      rig.wait(TTL);
      await rig.page("demo");
    }
    expect(await served(rig)).toBe(textOf(B.bytes));
    rig.restart();
    expect(await served(rig)).toBe(textOf(B.bytes));
  });

  test.each(["lost here", "gone upstream"])("may come while the page was %s", async (how) => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [A]);
    await rig.get(PATH);
    if (how === "gone upstream") {
      rig.upstream.on(PAGE, () => new Response(null, { status: 404 }));
      rig.wait(TTL);
      await rig.page("demo");
    } else {
      for (const { name } of (await env.PAGES.list()).keys) await env.PAGES.delete(name);
    }
    rig.restart();
    await rig.upstream.publish("demo", [B]);
    rig.wait(TTL);
    await rig.page("demo");
    rig.restart();
    expect(await served(rig)).toBe(textOf(B.bytes));
  });
});
