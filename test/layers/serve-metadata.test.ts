import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import {
  bare,
  changed,
  digest,
  files,
  METADATA,
  METADATA_PATH,
  NAME,
  PAGE,
  published,
  rows,
  URL_OF_WHEEL,
  WHEEL,
} from "../support/bare.ts";
import { filePath, Rig } from "../support/rig.ts";
import { FakeUpstream, fileResponse } from "../support/upstream.ts";
import { demoWheel, metadataText, zipped } from "../support/wheel.ts";

describe("the metadata of a wheel", () => {
  test("is the wheel's own, byte for byte, with the same facts cold and warm", async () => {
    const rig = await published();
    const cold = await rig.get(METADATA_PATH);
    rig.restart();
    const warm = await rig.get(METADATA_PATH);
    for (const answer of [cold, warm]) {
      expect([answer.status, answer.text()]).toEqual([200, METADATA]);
      expect(answer.headers.get("ETag")).toBe(`"${await digest(METADATA)}"`);
      expect(answer.headers.get("Content-Length")).toBe(String(METADATA.length));
    }
    expect(warm.headers.get("Last-Modified")).toBe(cold.headers.get("Last-Modified"));
    expect(warm.headers.get("Cache-Status")).toContain("r2");
  });

  test("costs one probe, one HEAD where the size is unknown, and one range; the next wheel no probe", async () => {
    const other = "demo-0.9-py3-none-any.whl";
    const rig = await published({}, bare(other, WHEEL, { entry: { size: WHEEL.byteLength } }));
    await rig.page("demo");
    rig.forget();
    await rig.get(METADATA_PATH);
    const tail = WHEEL.byteLength - 66 * 1024;
    expect(rig.upstream.requests).toEqual([
      `GET ${URL_OF_WHEEL}.metadata`,
      `HEAD ${URL_OF_WHEEL}`,
      `GET ${URL_OF_WHEEL} bytes=${tail}-${WHEEL.byteLength - 1}`,
    ]);
    rig.forget();
    expect((await rig.get(`${filePath(other)}.metadata`)).text()).toBe(METADATA);
    expect(rig.upstream.requests).toEqual([`GET ${FakeUpstream.FILES}${other} bytes=${tail}-${WHEEL.byteLength - 1}`]);
    rig.wait(3_601_000);
    rig.restart();
    rig.forget();
    expect((await rig.get(METADATA_PATH)).text()).toBe(METADATA);
    expect(rig.upstream.requests.filter((request) => request.startsWith("GET https://files."))).toEqual([]);
  });

  test("is the sibling's where the upstream has one that it does not advertise", async () => {
    const rig = await published({ metadata: METADATA, entry: { "core-metadata": undefined } });
    expect((await rig.get(METADATA_PATH)).text()).toBe(METADATA);
    expect(rig.upstream.requests).toEqual([`GET ${PAGE}`, `GET ${URL_OF_WHEEL}.metadata`]);
    expect(await rows()).toMatchObject([{ metadata: await digest(METADATA), unreadable: 0 }]);
  });

  test.each(["<!DOCTYPE html><title>Log in</title>", metadataText("other"), metadataText("demo", "6.6"), ""])(
    "is not another answer of the host (%j)",
    async (answer) => {
      const rig = await published({ metadata: answer, entry: { "core-metadata": undefined } });
      expect((await rig.get(METADATA_PATH)).text()).toBe(METADATA);
    },
  );

  test("is read from the wheel where the host refuses to say whether there is a sibling", async () => {
    const rig = await published();
    rig.upstream.on(`${URL_OF_WHEEL}.metadata`, () => new Response("no", { status: 403 }));
    expect((await rig.get(METADATA_PATH)).text()).toBe(METADATA);
  });

  test("is read from the stored wheel where there is one, without asking the upstream", async () => {
    const rig = await published({ metadata: metadataText("demo", "9"), entry: { "core-metadata": undefined } });
    await rig.get(filePath(NAME));
    rig.restart();
    rig.upstream.down = true;
    expect((await rig.get(METADATA_PATH)).text()).toBe(METADATA);
  });

  test("is read from the wheel on its way into the store where the upstream gives no ranges", async () => {
    const rig = await published({ ranges: false });
    expect((await rig.get(METADATA_PATH)).text()).toBe(METADATA);
    expect(rig.upstream.requests.filter((request) => request === `GET ${URL_OF_WHEEL}`)).toHaveLength(1);
    rig.forget();
    expect((await rig.get(filePath(NAME))).body).toEqual(WHEEL);
    expect(rig.upstream.requests).toEqual([]);
    expect(await rows()).toMatchObject([{ metadata: await digest(METADATA), size: WHEEL.byteLength }]);
  });

  test("of a small wheel is read at once even where the upstream gives no ranges", async () => {
    const small = await demoWheel(1_000);
    const rig = await published({ bytes: small, ranges: false });
    expect((await rig.get(METADATA_PATH)).text()).toBe(METADATA);
    expect(rig.upstream.requests.slice(-2)).toEqual([
      `HEAD ${URL_OF_WHEEL}`,
      `GET ${URL_OF_WHEEL} bytes=0-${small.byteLength - 1}`,
    ]);
  });

  test.each([
    ["is refused", { status: 405 }],
    ["says nothing of the size", {}],
    ["says that there is nothing", { headers: { "Content-Length": "0" } }],
  ])("is read from a host whose answer to HEAD %s", async (_what, answer) => {
    const rig = await published();
    rig.upstream.on(URL_OF_WHEEL, (request) =>
      request.method === "HEAD" ? new Response(null, answer) : fileResponse(request, WHEEL, { ranges: true }),
    );
    expect((await rig.get(METADATA_PATH)).text()).toBe(METADATA);
  });

  test("is read by many requests at once, also where one of them hangs", async () => {
    const rig = new Rig();
    const names = Array.from({ length: 12 }, (_, n) => `demo-1.${n}-py3-none-any.whl`);
    await rig.upstream.publish(
      "demo",
      names.map((name) => bare(name, WHEEL)),
    );
    await rig.page("demo");
    const stuck = `${FakeUpstream.FILES}${names[0]}`;
    rig.upstream.on(stuck, () => new Promise<Response>(() => undefined));
    void rig.open(`${filePath(names[0] ?? "")}.metadata`).catch(() => undefined);
    const answers = await Promise.all(names.slice(1).map((name) => rig.get(`${filePath(name)}.metadata`)));
    expect(answers.map((answer) => answer.text())).toEqual(answers.map(() => METADATA));
  });

  test("that is advertised by the upstream comes from it, and from the wheel where it is not there", async () => {
    const rig = await published({ metadata: METADATA });
    expect((await rig.get(METADATA_PATH)).text()).toBe(METADATA);
    expect(rig.upstream.requests).toEqual([`GET ${PAGE}`, `GET ${URL_OF_WHEEL}.metadata`]);
    const lying = await published({ entry: { "core-metadata": { sha256: await digest(METADATA) } } });
    await env.FILES.delete((await env.FILES.list()).objects.map(({ key }) => key));
    const answer = await lying.get(METADATA_PATH);
    expect([answer.text(), answer.headers.get("ETag")]).toEqual([METADATA, `"${await digest(METADATA)}"`]);
    expect(await rows()).toEqual([]);
  });

  test("answers HEAD and ranges rightly, cold and warm", async () => {
    const rig = await published();
    const cold = await rig.get(METADATA_PATH, {}, "HEAD");
    expect([cold.status, cold.headers.get("Content-Length"), cold.body.byteLength]).toEqual([
      200,
      String(METADATA.length),
      0,
    ]);
    const whole = await rig.get(METADATA_PATH, { Range: "bytes=0-7" });
    expect([whole.status, whole.text()]).toEqual([200, METADATA]);
    const part = await rig.get(METADATA_PATH, { Range: "bytes=0-7" });
    expect([part.status, part.text()]).toEqual([206, "Metadata"]);
  });

  test("of a wheel with an escaped plus in its address, at a host of its own, is found", async () => {
    const rig = new Rig();
    const url = "https://files.upstream.test/whl/cpu/demo-1.0%2Bcpu-py3-none-any.whl";
    const wheel = await zipped({ "demo/code.py": 100_000, "demo-1.0+cpu.dist-info/METADATA": METADATA });
    rig.upstream.on(url, (request) => fileResponse(request, wheel, { ranges: true }));
    rig.upstream.on(PAGE, () => html(`<a href="${url}">demo-1.0+cpu-py3-none-any.whl</a>`));
    const [file] = await files(rig);
    expect(file).toMatchObject({ filename: "demo-1.0+cpu-py3-none-any.whl", "core-metadata": true, hashes: {} });
    for (const name of ["demo-1.0+cpu", "demo-1.0%2Bcpu"]) {
      const path = `/files/files.upstream.test/whl/cpu/${name}-py3-none-any.whl.metadata`;
      expect((await rig.get(path)).text()).toBe(METADATA);
    }
  });
});

describe("an upstream that fails", () => {
  test.each([
    ["before anything is read", 0],
    ["after the probe", 1],
    ["after the size", 2],
  ])("%s is 503, and nothing is recorded", async (_when, answers) => {
    const rig = await published();
    await rig.page("demo");
    rig.upstream.failAfter(answers);
    expect((await rig.get(METADATA_PATH)).status).toBe(503);
    expect(await rows()).toEqual([]);
    expect((await files(rig))[0]?.["core-metadata"]).toBe(true);
  });

  test("in the middle of a range is 503, and nothing is recorded", async () => {
    const rig = await published();
    rig.upstream.on(URL_OF_WHEEL, (request) => {
      const headers = { "Content-Length": String(WHEEL.byteLength) };
      if (request.method === "HEAD") return new Response(null, { headers });
      const range = `${(request.headers.get("Range") ?? "").replace("=", " ")}/${WHEEL.byteLength}`;
      const broken = new ReadableStream({
        start(controller) {
          controller.enqueue(WHEEL.slice(0, 1_000));
          controller.close();
        },
      });
      return new Response(broken, { status: 206, headers: { "Content-Range": range } });
    });
    expect((await rig.get(METADATA_PATH)).status).toBe(503);
    expect(await rows()).toEqual([]);
  });
});

describe("a wheel whose metadata cannot be read", () => {
  const UNREADABLE: [string, () => Promise<Uint8Array>][] = [
    ["no METADATA", () => zipped({ "demo/code.py": 100_000 })],
    ["two", () => zipped({ "demo-1.0.dist-info/METADATA": METADATA, "Demo-1.0.dist-info/METADATA": METADATA })],
    ["a bomb", () => zipped({ "demo-1.0.dist-info/METADATA": new Uint8Array(20_000_000) })],
    ["a cut archive", async () => WHEEL.slice(0, 150_000)],
    ["no archive", async () => new Uint8Array(100_000)],
  ];

  test.each(UNREADABLE)("(%s) is not found, and a retry works from a page without it", async (_what, wheel) => {
    const sound = "demo-0.9-py3-none-any.whl";
    const rig = new Rig();
    await rig.upstream.publish("demo", [bare(NAME, await wheel()), bare(sound, WHEEL)]);
    await rig.page("demo");
    const answer = await rig.get(METADATA_PATH);
    expect([answer.status, answer.text()]).toEqual([404, expect.stringContaining("cannot be read from the wheel")]);
    rig.restart();
    expect((await files(rig)).map((file) => file["core-metadata"])).toEqual([undefined, true]);
    expect((await rig.get("/simple/demo/")).text().match(/data-core-metadata/g)).toHaveLength(1);
    expect(await rows()).toMatchObject([{ unreadable: 1 }]);
    rig.forget();
    expect((await rig.get(METADATA_PATH)).status).toBe(404);
    expect(rig.upstream.requests).toEqual([]);
  });

  test("is still installed", async () => {
    const wheel = await zipped({ "demo/code.py": 100_000 });
    const rig = await published({ bytes: wheel });
    await rig.get(METADATA_PATH);
    expect((await rig.get(filePath(NAME))).body).toEqual(wheel);
  });
});

describe("once the wheel has been stored", () => {
  const wrong = METADATA.replace("six", "seven");
  const misled = () => published({ metadata: wrong, entry: { "core-metadata": undefined } });

  test("metadata that was not its own is replaced by its own, here and on the page", async () => {
    const rig = await misled();
    await rig.page("demo");
    expect((await rig.get(METADATA_PATH)).text()).toBe(wrong);
    const entry = { "core-metadata": undefined };
    expect((await changed(rig, { metadata: wrong, entry }))[0]?.["core-metadata"]).toEqual({
      sha256: await digest(wrong),
    });
    await rig.get(filePath(NAME));
    for (const again of [rig, new Rig()]) {
      const answer = await again.get(METADATA_PATH);
      expect([answer.text(), answer.headers.get("ETag")]).toEqual([METADATA, `"${await digest(METADATA)}"`]);
    }
    expect((await files(rig))[0]?.["core-metadata"]).toEqual({ sha256: await digest(METADATA) });
    expect(await rows()).toMatchObject([{ metadata: await digest(METADATA), size: WHEEL.byteLength }]);
  });

  test("metadata that was its own is not written again", async () => {
    const rig = await published();
    await rig.get(METADATA_PATH);
    rig.forget();
    await rig.get(filePath(NAME));
    expect(rig.counts["r2.put"]).toBe(1);
  });
});

const html = (body: string) => new Response(body, { headers: { "Content-Type": "text/html" } });
