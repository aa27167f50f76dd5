import { describe, expect, test, vi } from "vitest";
import { bare, METADATA, METADATA_PATH, NAME, PAGE, published, URL_OF_WHEEL, WHEEL } from "../support/bare.ts";
import { filePath, Rig } from "../support/rig.ts";
import { fileResponse, sha256 } from "../support/upstream.ts";

const PATH = filePath(NAME);
const SDIST = "demo-1.0.tar.gz";

/** How the upstream answers GET and HEAD of the wheel. */
const answering = (rig: Rig, status: number, method?: string) =>
  rig.upstream.on(URL_OF_WHEEL, (request) =>
    method === undefined || request.method === method
      ? new Response("no", { status })
      : fileResponse(request, WHEEL, { lastModified: "Wed, 01 Jul 2026 10:00:00 GMT" }),
  );

const asked = (rig: Rig) =>
  rig.upstream.requests.map((line) => line.replace(URL_OF_WHEEL, "the wheel").replace(PAGE, "the page"));

describe("HEAD of a file whose size its page does not have", () => {
  test.each([400, 403, 405, 501])("is answered from a GET where the upstream answers HEAD with %i", async (status) => {
    const rig = await published();
    await rig.page("demo");
    answering(rig, status, "HEAD");
    rig.forget();
    const { headers, status: answered, body } = await rig.get(PATH, {}, "HEAD");
    expect([answered, headers.get("Content-Length"), headers.get("Last-Modified"), body.byteLength]).toEqual([
      200,
      String(WHEEL.byteLength),
      "Wed, 01 Jul 2026 10:00:00 GMT",
      0,
    ]);
    expect(asked(rig)).toEqual(["HEAD the wheel", "GET the wheel"]);
  });

  test("reads no more of the file than it must", async () => {
    const rig = await published();
    let sent = 0;
    let isCancelled = false;
    rig.upstream.on(URL_OF_WHEEL, (request) => {
      if (request.method === "HEAD") return new Response(null, { status: 405 });
      const endless = new ReadableStream({
        pull(controller) {
          controller.enqueue(sent === 0 ? WHEEL.slice(0, 100_000) : new Uint8Array(100_000));
          sent += 1;
        },
        cancel() {
          isCancelled = true;
        },
      });
      return new Response(endless, { headers: { "Content-Length": "900000000" } });
    });
    const { status, headers } = await rig.get(PATH, {}, "HEAD");
    expect([status, headers.get("Content-Length"), isCancelled, sent < 10]).toEqual([200, "900000000", true, true]);
  });

  test("leads to a part of it all the same", async () => {
    const rig = await published();
    answering(rig, 405, "HEAD");
    const { status, body } = await rig.get(PATH, { Range: "bytes=10-19" });
    expect([status, body]).toEqual([206, WHEEL.slice(10, 20)]);
  });

  test.each([500, 503, 429])("is a failure where the upstream answers HEAD with %i", async (status) => {
    const rig = await published();
    answering(rig, status, "HEAD");
    expect((await rig.get(PATH, {}, "HEAD")).status).toBe(503);
  });
});

test("an upstream that gives a part of a file and then fails is reported as such, not as a defect", async () => {
  const [warn, error] = [vi.spyOn(console, "warn"), vi.spyOn(console, "error")];
  const rig = await published({ entry: { size: WHEEL.byteLength } });
  await rig.page("demo");
  rig.upstream.on(URL_OF_WHEEL, (request) =>
    request.headers.has("Range") ? fileResponse(request, WHEEL, { ranges: true }) : new Response("no", { status: 503 }),
  );
  const { status, body } = await rig.get(PATH, { Range: "bytes=10-19" });
  expect([status, body]).toEqual([206, WHEEL.slice(10, 20)]);
  expect(error.mock.calls).toEqual([]);
  expect(warn.mock.calls.flat().join()).toMatch(
    `upstream-failed: files.upstream.test/packages/${NAME}, after a part of it: `,
  );
  vi.restoreAllMocks();
});

describe("a listed file that the upstream refuses", () => {
  test.each([400, 401, 403, 451])("with %i is 403 with the remedy", async (status) => {
    const rig = await published();
    await rig.page("demo");
    answering(rig, status);
    for (const [method, headers] of [
      ["GET", {}],
      ["GET", { Range: "bytes=0-9" }],
      ["HEAD", {}],
    ] as const) {
      const answer = await rig.get(PATH, headers, method);
      expect([answer.status, answer.headers.get("Cache-Control")]).toEqual([403, "no-store"]);
    }
    const answer = await rig.get(PATH, { Accept: "application/json" });
    const { title, detail } = JSON.parse(answer.text()) as Record<string, string>;
    expect([title, detail]).toEqual([
      "Refused by the upstream",
      expect.stringMatching(new RegExp(`files\\.upstream\\.test refuses ${NAME}: it answered ${status},.*credentials`)),
    ]);
    expect(detail).not.toMatch(/try again/i);
  });

  test("has its page fetched once more, and is not asked for again at the same address", async () => {
    const rig = await published();
    await rig.page("demo");
    answering(rig, 403);
    rig.forget();
    await rig.get(PATH);
    expect(asked(rig)).toEqual(["GET the wheel", "GET the page"]);
  });

  test.each([429, 500, 503, 408])("is 503 where it is %i, which may pass", async (status) => {
    const rig = await published();
    answering(rig, status);
    expect((await rig.get(PATH)).status).toBe(503);
  });

  test.each([404, 410])("is 404 where it is %i at the address that its page has now", async (status) => {
    const rig = await published();
    answering(rig, status);
    expect((await rig.get(PATH)).status).toBe(404);
  });

  test("is 404 where its page does not list it any more", async () => {
    const rig = await published();
    await rig.page("demo");
    answering(rig, 403);
    await rig.upstream.publish("demo", [bare(SDIST, new Uint8Array(9))]);
    const answer = await rig.get(PATH);
    expect([answer.status, answer.text()]).toEqual([404, expect.stringContaining("does not list")]);
  });

  test("is 403 where its page cannot be fetched once more", async () => {
    const rig = await published();
    await rig.page("demo");
    answering(rig, 403);
    rig.upstream.on(PAGE, () => new Response("no", { status: 500 }));
    expect((await rig.get(PATH)).status).toBe(403);
  });

  test("is served where it is stored", async () => {
    const rig = await published();
    await rig.get(PATH);
    answering(rig, 403);
    expect((await rig.get(PATH)).body).toEqual(WHEEL);
  });

  test("is 403 for its metadata, where the wheel that has it is refused as well", async () => {
    const rig = await published({ metadata: METADATA });
    answering(rig, 403);
    rig.upstream.on(`${URL_OF_WHEEL}.metadata`, () => new Response("no", { status: 403 }));
    const answer = await rig.get(METADATA_PATH);
    expect([answer.status, answer.text()]).toEqual([403, expect.stringContaining(`refuses the metadata of ${NAME}`)]);
  });
});

/** An index whose pages give the wheel another true address each time, which is one address of ours; old ones expire. */
async function moving(status: number) {
  const rig = new Rig();
  const digest = await sha256(WHEEL);
  let address = URL_OF_WHEEL;
  rig.upstream.on(PAGE, () => {
    rig.upstream.on(address, () => new Response("<Error>expired</Error>", { status }));
    address = address.replace("/packages/", "/packages//");
    rig.upstream.on(address, (request) => fileResponse(request, WHEEL, { ranges: true }));
    const headers = { "Content-Type": "text/html" };
    return new Response(`<!DOCTYPE html><a href="${address}#sha256=${digest}">${NAME}</a>`, { headers });
  });
  await rig.page("demo");
  return { rig, expire: () => rig.upstream.on(address, () => new Response("<Error>expired</Error>", { status })) };
}

describe("a file whose address is valid for a short time", () => {
  test.each([400, 401, 403, 404, 410])("is fetched at its page's new one where the old one is %i", async (status) => {
    const { rig, expire } = await moving(status);
    expire();
    rig.forget();
    expect((await rig.get(PATH)).body).toEqual(WHEEL);
    expect(rig.upstream.requests).toHaveLength(3);
    expect((await rig.get(PATH)).headers.get("Cache-Status")).toContain("detail=r2");
  });

  test("is found there by HEAD and for a part, behind which the whole is stored from there", async () => {
    const { rig, expire } = await moving(403);
    expire();
    const head = await rig.get(PATH, {}, "HEAD");
    expect([head.status, head.headers.get("Content-Length")]).toEqual([200, String(WHEEL.byteLength)]);
    expire();
    expect((await rig.get(PATH, { Range: "bytes=0-3" })).body).toEqual(WHEEL.slice(0, 4));
    expect((await rig.get(PATH)).headers.get("Cache-Status")).toContain("detail=r2");
  });

  test("is tried once more only", async () => {
    const { rig, expire } = await moving(403);
    expire();
    rig.upstream.on(PAGE, () => {
      const href = `${URL_OF_WHEEL.replace("/packages/", "///packages/")}#sha256=${"0".repeat(64)}`;
      return new Response(`<!DOCTYPE html><a href="${href}">${NAME}</a>`, { headers: { "Content-Type": "text/html" } });
    });
    rig.upstream.on(URL_OF_WHEEL.replace("/packages/", "///packages/"), () => new Response("no", { status: 403 }));
    rig.forget();
    expect((await rig.get(PATH)).status).toBe(403);
    expect(rig.upstream.requests).toHaveLength(3);
  });
});
