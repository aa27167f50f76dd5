import { describe, expect, test } from "vitest";
import { parseProjectName } from "../../worker/pypi/name.ts";
import { upstreamAt } from "../../worker/upstream/upstream.ts";

const NAME = parseProjectName("demo");

/** An upstream whose every answer is written down beforehand, and the requests it got. */
function answering(index: string, answers: Record<string, () => Response>) {
  const requests: Request[] = [];
  const upstream = upstreamAt(new URL(index), async (request) => {
    requests.push(request);
    const answer = answers[request.url];
    if (!answer) throw new Error(`unexpected ${request.url}`);
    return answer();
  });
  return { upstream, requests };
}

const page = () =>
  Response.json({ meta: {}, name: "demo", files: [{ filename: "demo-1.0.zip", url: "demo-1.0.zip", hashes: {} }] });

describe("an upstream", () => {
  test("is asked for JSON first, with its own validators, under a URL below its root", async () => {
    const { upstream, requests } = answering("https://index.test/root/simple/", {
      "https://index.test/root/simple/demo/": page,
    });
    await upstream.page(NAME, { etag: 'W/"a"', lastModified: "yesterday" });
    expect(
      requests.map((request) => [request.headers.get("If-None-Match"), request.headers.get("If-Modified-Since")]),
    ).toEqual([['W/"a"', "yesterday"]]);
    expect(requests[0]?.headers.get("Accept")).toMatch(/^application\/vnd\.pypi\.simple\.v1\+json, /);
  });

  test("may redirect, and what it links to is relative to where that led", async () => {
    const { upstream } = answering("https://index.test/simple/", {
      "https://index.test/simple/demo/": () => Response.redirect("https://mirror.test/x/demo/", 301),
      "https://mirror.test/x/demo/": page,
    });
    const answer = await upstream.page(NAME, {});
    expect(answer).toMatchObject({
      kind: "page",
      page: { files: [{ url: "../../files/mirror.test/x/demo/demo-1.0.zip" }] },
    });
  });

  test.each([
    "http://mirror.test/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "file:///etc/passwd",
    "https://localhost:8787/",
  ])("that is public may not redirect to %s", async (location) => {
    const { upstream, requests } = answering("https://index.test/simple/", {
      "https://index.test/simple/demo/": () => new Response(null, { status: 302, headers: { Location: location } }),
    });
    await expect(upstream.page(NAME, {})).rejects.toMatchObject({
      kind: "upstream-failed",
      message: expect.stringContaining("may not be fetched"),
    });
    expect(requests).toHaveLength(1);
  });

  test("on loopback may use plain http for its pages and files", async () => {
    const { upstream } = answering("http://127.0.0.1:9000/simple/", { "http://127.0.0.1:9000/simple/demo/": page });
    const answer = await upstream.page(NAME, {});
    expect(answer).toMatchObject({
      page: { files: [{ _upstream: "http://127.0.0.1:9000/simple/demo/demo-1.0.zip" }] },
    });
  });

  test("that is silent for eight seconds has failed", async () => {
    const upstream = upstreamAt(
      new URL("https://index.test/simple/"),
      (request) =>
        new Promise((_, reject) => request.signal.addEventListener("abort", () => reject(new Error("aborted")))),
    );
    await expect(upstream.page(NAME, {})).rejects.toMatchObject({
      kind: "upstream-failed",
      message: expect.stringContaining("no answer within 8 s"),
    });
  }, 15_000);

  test("is asked for files as they are, uncompressed", async () => {
    const { upstream, requests } = answering("https://index.test/simple/", {
      "https://index.test/f.zip": () => new Response("abc", { headers: { "Content-Length": "3" } }),
    });
    expect(await upstream.file(new URL("https://index.test/f.zip"), false)).toMatchObject({ size: 3 });
    expect(requests[0]?.headers.get("Accept-Encoding")).toBe("identity");
  });
});
