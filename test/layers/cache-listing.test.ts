import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { gzipped } from "../../worker/repository/gzip.ts";
import { keysOf } from "../../worker/storage/keys.ts";
import { JSON_TYPE, Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

const AS_JSON = { Accept: JSON_TYPE };
const HOUR = 3_600_000;
const MANY = 20_000;

const line = (nth: number) => `{"_last-serial":${nth + 1},"name":"project-${nth}"}`;
const some = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, nth) => (from + nth === 0 ? "" : ",") + line(from + nth)).join("");
const OPENING = '{"meta":{"_last-serial":99,"api-version":"1.4"},"projects":[';
const CLOSING = "]}";

/** Offers a listing whose body a test writes. */
function writing(rig: Rig) {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, {
    highWaterMark: 1_000,
  });
  const writer = writable.getWriter();
  rig.upstream.on(FakeUpstream.INDEX, () => new Response(readable, { headers: { "Content-Type": JSON_TYPE } }));
  return {
    write: (text: string) => writer.write(new TextEncoder().encode(text)),
    close: () => writer.close(),
    abort: () => writer.abort(new Error("connection reset")),
  };
}

/** Offers a whole listing of so many projects. */
const offer = (rig: Rig, count = MANY) =>
  rig.upstream.on(
    FakeUpstream.INDEX,
    () => new Response(OPENING + some(0, count) + CLOSING, { headers: { "Content-Type": JSON_TYPE } }),
  );

const namesInJson = (text: string) =>
  (JSON.parse(text) as { projects: { name: string }[] }).projects.map(({ name }) => name);
const namesInHtml = (text: string) => [...text.matchAll(/<a href="([^/]*)\/">\1<\/a>/g)].map(([, name]) => name);

const listings = async () => (await env.FILES.list({ prefix: "list" })).objects.map(({ key }) => key.split("/")[0]);

describe("a root listing that is not stored", () => {
  test("begins before the upstream has sent all of it, and is then stored in both shapes", async () => {
    const rig = new Rig();
    const upstream = writing(rig);
    await upstream.write(OPENING + some(0, MANY));
    const { response, settled } = await rig.open("/simple/", { headers: AS_JSON });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes('"project-0"')) text += (await reader?.read())?.value ?? "";
    await upstream.write(some(MANY, MANY + 1) + CLOSING);
    await upstream.close();
    for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) text += read.value;
    await settled();
    expect(namesInJson(text)).toHaveLength(MANY + 1);
    expect(response.headers.get("Cache-Status")).toContain("miss");

    rig.forget();
    const json = await rig.get("/simple/", AS_JSON);
    expect([rig.counts["r2.get"], rig.counts["r2.put"]]).toEqual([1, undefined]);
    rig.forget();
    const html = await rig.get("/simple/");
    expect([rig.counts["r2.get"], rig.counts["r2.put"]]).toEqual([2, undefined]);
    expect(json.text()).toBe(text);
    expect(namesInHtml(html.text())).toEqual(namesInJson(text));
    expect(rig.upstream.requests).toEqual([]);
  });

  test("may be asked for as HTML first", async () => {
    const rig = new Rig();
    offer(rig);
    const first = namesInHtml((await rig.get("/simple/")).text());
    expect(first).toHaveLength(MANY);
    expect(namesInJson((await rig.get("/simple/", AS_JSON)).text())).toEqual(first);
    expect(rig.upstream.requests).toHaveLength(1);
  });

  test.each(["breaks off", "ends too early"])("is a broken transfer where it %s, and is not stored", async (how) => {
    const rig = new Rig();
    const upstream = writing(rig);
    await upstream.write(OPENING + some(0, MANY));
    const { response, settled } = await rig.open("/simple/", { headers: AS_JSON });
    const read = response.text();
    await (how === "breaks off" ? upstream.abort() : upstream.close());
    await expect(read).rejects.toThrow("broken off");
    await settled();
    expect([response.status, await listings()]).toEqual([200, []]);
    offer(rig);
    expect((await rig.get("/simple/", AS_JSON)).status).toBe(200);
  });

  test("is read from the upstream no faster than the client takes it", async () => {
    const rig = new Rig();
    const total = 100;
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const [from, to] = [(pulled * 200_000) / total, ((pulled + 1) * 200_000) / total];
          const text = (pulled === 0 ? OPENING : "") + some(from, to) + (pulled + 1 === total ? CLOSING : "");
          controller.enqueue(new TextEncoder().encode(text));
          if (++pulled === total) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    rig.upstream.on(FakeUpstream.INDEX, () => new Response(body, { headers: { "Content-Type": JSON_TYPE } }));
    const { response, settled } = await rig.open("/simple/", { headers: { ...AS_JSON, "Accept-Encoding": "gzip" } });
    await scheduler.wait(500);
    expect(pulled).toBeLessThan(20);
    await response.arrayBuffer();
    await settled();
    expect(pulled).toBe(total);
  });

  test("is stored although its client leaves", async () => {
    const rig = new Rig();
    const upstream = writing(rig);
    await upstream.write(OPENING + some(0, MANY));
    const { response, settled } = await rig.open("/simple/", { headers: AS_JSON });
    await response.body?.cancel();
    await upstream.write(CLOSING);
    await upstream.close();
    await settled();
    expect(await listings()).toEqual(["list-html", "list-names", "list"]);
  });

  test("is not asked for any further where only its headers are", async () => {
    const rig = new Rig();
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(OPENING + some(0, MANY))),
      cancel: () => void (cancelled = true),
    });
    rig.upstream.on(FakeUpstream.INDEX, () => new Response(body, { headers: { "Content-Type": JSON_TYPE } }));
    expect((await rig.get("/simple/", AS_JSON, "HEAD")).status).toBe(200);
    expect([cancelled, await listings()]).toEqual([true, []]);
  });

  test("is stored once where several ask at the same time", async () => {
    const rig = new Rig();
    offer(rig);
    const answers = await Promise.all(Array.from({ length: 4 }, () => rig.get("/simple/", AS_JSON)));
    expect(new Set(answers.map((answer) => answer.text())).size).toBe(1);
    expect(rig.counts["r2.put"]).toBe(3);
  });

  test.each(["r2.put", "r2.get"])("is whole although %s fails", async (operation) => {
    const rig = new Rig();
    offer(rig);
    rig.breakOnce(operation);
    expect(namesInJson((await rig.get("/simple/", AS_JSON)).text())).toHaveLength(MANY);
    expect(namesInHtml((await rig.get("/simple/")).text())).toHaveLength(MANY);
  });
});

describe("a stored root listing", () => {
  const KEY = keysOf(encodeURIComponent(FakeUpstream.INDEX)).list;

  test("that the version before has stored, without HTML, is served in both shapes", async () => {
    const rig = new Rig();
    const plain = new TextEncoder().encode(
      '{"meta":{"api-version":"1.4"},"projects":[\n{"name":"one"},\n{"name":"two"}\n]}\n',
    );
    const customMetadata = { changedAt: String(rig.now) };
    await env.FILES.put(KEY.json, await gzipped(plain), { customMetadata });
    expect(namesInJson((await rig.get("/simple/", AS_JSON)).text())).toEqual(["one", "two"]);
    expect(namesInHtml((await rig.get("/simple/")).text())).toEqual(["one", "two"]);
  });

  test("is not mixed with the HTML of another one", async () => {
    const rig = new Rig();
    offer(rig, 3);
    await rig.get("/simple/");
    const old = await env.FILES.get(KEY.html);
    const [bytes, customMetadata] = [await old?.bytes(), old?.customMetadata];
    rig.wait(HOUR + 1);
    offer(rig, 4);
    await rig.get("/simple/");
    await env.FILES.put(KEY.html, bytes ?? "", { customMetadata: customMetadata ?? {} });
    expect(namesInHtml((await rig.get("/simple/")).text())).toHaveLength(4);
  });

  test.each(["breaks off", "ends too early"])("is served where the new one %s", async (how) => {
    const rig = new Rig();
    offer(rig, 3);
    const first = await rig.get("/simple/", AS_JSON);
    rig.wait(HOUR + 1);
    const upstream = writing(rig);
    await upstream.write(OPENING + some(0, MANY));
    await (how === "breaks off" ? upstream.abort() : upstream.close());
    const answer = await rig.get("/simple/", AS_JSON);
    expect([answer.status, answer.text(), answer.headers.get("ETag")]).toEqual([
      200,
      first.text(),
      (await rig.get("/simple/", AS_JSON, "HEAD")).headers.get("ETag"),
    ]);
    expect(answer.headers.get("Cache-Status")).toContain("stale");
  });

  test("does not make the client wait for the new one, which is stored behind the answer", async () => {
    const rig = new Rig();
    offer(rig, 3);
    await rig.get("/simple/", AS_JSON);
    rig.wait(HOUR + 1);
    const upstream = writing(rig);
    await upstream.write(OPENING + some(0, MANY));
    const { response, settled } = await rig.open("/simple/", { headers: AS_JSON });
    const meanwhile = await rig.open("/simple/", { headers: AS_JSON });
    for (const answer of [response, meanwhile.response]) expect(namesInJson(await answer.text())).toHaveLength(3);
    expect(rig.upstream.requests).toHaveLength(2);
    await upstream.write(CLOSING);
    await upstream.close();
    await settled();
    await meanwhile.settled();
    expect(namesInJson((await rig.get("/simple/", AS_JSON)).text())).toHaveLength(MANY);
  });

  test("has the ETag of before where the upstream sends the same again", async () => {
    const rig = new Rig();
    offer(rig);
    await rig.get("/simple/", AS_JSON);
    const { headers } = await rig.get("/simple/", AS_JSON, "HEAD");
    const etag = headers.get("ETag") ?? "";
    rig.wait(HOUR + 1);
    expect((await rig.get("/simple/", { ...AS_JSON, "If-None-Match": etag })).status).toBe(304);
    expect(etag).not.toBe("");
  });
});
