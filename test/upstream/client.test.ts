import { afterEach, describe, expect, test, vi } from "vitest";
import { parseProjectName } from "../../worker/pypi/name.ts";
import type { Fetch } from "../../worker/platform/platform.ts";
import { UpstreamClient } from "../../worker/upstream/client.ts";
import { simpleAt } from "../../worker/upstream/upstream.ts";

const NAME = parseProjectName("demo");

afterEach(() => void vi.useRealTimers());

const over = (index: URL, fetch: Fetch, now: () => number, credentials?: string) =>
  simpleAt(index, new UpstreamClient(fetch, index, now, { credentials }));

/** An upstream whose every answer is written down beforehand, and the requests it got. */
function answering(index: string, answers: Record<string, () => Response>, credentials?: string) {
  const requests: Request[] = [];
  const clock = { now: 0 };
  const fetch: Fetch = async (url, init) => {
    const request = new Request(url, init);
    requests.push(request);
    const answer = answers[request.url];
    if (!answer) throw new Error(`unexpected ${request.url}`);
    return answer();
  };
  return { upstream: over(new URL(index), fetch, () => clock.now, credentials), requests, clock };
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

  test.each([
    ["in JSON", page, 42],
    ["beside the page's own", () => Response.json({ meta: { "_last-serial": 41 }, name: "demo", files: [] }), 41],
    ["in HTML", () => new Response('<a href="demo-1.0.zip">demo-1.0.zip</a>'), 42],
  ])("may say its serial in a header (%s)", async (_where, answer, serial) => {
    const { upstream } = answering("https://index.test/simple/", {
      "https://index.test/simple/demo/": () => {
        const response = answer();
        response.headers.set("X-PyPI-Last-Serial", "42");
        return response;
      },
    });
    expect(await upstream.page(NAME, {})).toMatchObject({ page: { lastSerial: serial } });
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
      message: expect.stringMatching(`redirects to ${new URL(location).protocol}//.*, which may not be fetched`),
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
    const upstream = over(
      new URL("https://index.test/simple/"),
      (_url, { signal }) =>
        new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted")))),
      () => 0,
    );
    vi.useFakeTimers();
    const [outcome] = await Promise.allSettled([upstream.page(NAME, {}), vi.advanceTimersByTimeAsync(8_000)]);
    const reason = { kind: "upstream-failed", message: expect.stringContaining("no answer within 8 s") };
    expect(outcome).toMatchObject({ status: "rejected", reason });
  });

  test("is given its credentials, and no other host is, not even where it redirects to them", async () => {
    const { upstream, requests } = answering(
      "https://index.test/simple/",
      {
        "https://index.test/simple/demo/": () => Response.redirect("https://other.test/demo/", 302),
        "https://other.test/demo/": page,
        "https://index.test/f.zip": () => new Response("abc"),
        "https://files.test/f.zip": () => new Response("abc"),
      },
      "jürgen:s:cret",
    );
    await upstream.page(NAME, {});
    await upstream.file(new URL("https://index.test/f.zip"), { headOnly: false });
    await upstream.file(new URL("https://files.test/f.zip"), { headOnly: false });
    const sent = requests.map(({ url, headers }) => [new URL(url).host, headers.get("Authorization")]);
    const basic = `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode("jürgen:s:cret")))}`;
    expect(sent).toEqual([
      ["index.test", basic],
      ["other.test", null],
      ["index.test", basic],
      ["files.test", null],
    ]);
  });

  test.each([
    [401, "check its credentials in the configuration."],
    [
      403,
      "check its credentials in the configuration; if this is how it says that it does not have a project, add absent = [403] to it in UPSTREAMS.",
    ],
    [451, "if this is how it says that it does not have a project, add absent = [451] to it in UPSTREAMS."],
  ])("that answers %i is said to want %s", async (status, advice) => {
    const { upstream } = answering("https://index.test/simple/", {
      "https://index.test/simple/demo/": () => new Response("who?", { status }),
    });
    await expect(upstream.page(NAME, {})).rejects.toThrow(
      `it answered ${status}: ${advice} What is asked for is not stored here; try again once the upstream can be used.`,
    );
  });

  test("is asked for files as they are, uncompressed", async () => {
    const { upstream, requests } = answering("https://index.test/simple/", {
      "https://index.test/f.zip": () => new Response("abc", { headers: { "Content-Length": "3" } }),
    });
    expect(await upstream.file(new URL("https://index.test/f.zip"), { headOnly: false })).toMatchObject({ size: 3 });
    expect(requests[0]?.headers.get("Accept-Encoding")).toBe("identity");
  });
});

describe("an upstream that fails", () => {
  afterEach(() => void vi.restoreAllMocks());

  const URL_OF_PAGE = "https://index.test/simple/demo/";
  const failing = (...answers: (() => Response)[]) => {
    let n = 0;
    return answering("https://index.test/simple/", {
      [URL_OF_PAGE]: () => (answers[Math.min(n++, answers.length - 1)] ?? page)(),
      "https://index.test/simple/other/": () => Response.json({ meta: {}, name: "other", files: [] }),
    });
  };
  const status = (code: number) => () => new Response("no", { status: code });
  const refused = (): Response => {
    throw new Error("connection refused");
  };

  test.each([
    ["a refused connection", refused],
    ["502", status(502)],
    ["503", status(503)],
  ])("once by %s is asked again, and clients see no error", async (_how, answer) => {
    const { upstream, requests } = failing(answer, page);
    expect(await upstream.page(NAME, {})).toMatchObject({ kind: "page" });
    expect(requests).toHaveLength(2);
  });

  test.each([
    ["internal error; reference = bulf2crjl8pst0", "perhaps its name cannot be resolved"],
    ["Network connection lost.", "the connection was refused or lost"],
  ])("with the runtime's %j says what that means", async (message, sentence) => {
    const { upstream } = failing(() => {
      throw new Error(message);
    });
    await expect(upstream.page(NAME, {})).rejects.toThrow(sentence);
  });

  test.each([
    ["half as long", 0, [50, 150]],
    ["as long", 0.5, [100, 300]],
    ["half as long again", 1, [150, 450]],
  ])("is asked again after a pause %s, by chance: not by all isolates at once", async (_how, chance, pauses) => {
    vi.spyOn(Math, "random").mockReturnValue(chance);
    const timers = vi.spyOn(globalThis, "setTimeout");
    const { upstream, requests } = failing(status(503), status(503), page);
    await upstream.page(NAME, {});
    expect(requests).toHaveLength(3);
    const waits = timers.mock.calls.map(([, milliseconds]) => milliseconds ?? 0);
    expect(waits.filter((milliseconds) => milliseconds < 1_000)).toEqual(pauses);
  });

  test("by 4xx is not asked again", async () => {
    const { upstream, requests } = failing(status(403), page);
    await expect(upstream.page(NAME, {})).rejects.toMatchObject({ kind: "upstream-failed" });
    expect(requests).toHaveLength(1);
  });

  test("to take connections, and then hangs, keeps the one who tries again for a second only, the next a little longer", async () => {
    const clock = { now: 0 };
    let hangs = false;
    const upstream = over(
      new URL("https://index.test/simple/"),
      (_url, { signal }) =>
        hangs
          ? new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))))
          : Promise.reject(new Error("connection refused")),
      () => clock.now,
    );
    await expect(upstream.page(NAME, {})).rejects.toThrow("connection refused");
    hangs = true;
    vi.useFakeTimers();
    for (const patience of ["0.9 s", "1.8 s"]) {
      clock.now += 60_000;
      const [outcome] = await Promise.allSettled([upstream.page(NAME, {}), vi.advanceTimersByTimeAsync(2_000)]);
      const reason = { message: expect.stringContaining(`no answer within ${patience}`) };
      expect(outcome).toMatchObject({ status: "rejected", reason });
    }
  });

  test("to take connections is left alone for a while, then tried by one, then asked as before", async () => {
    const { upstream, requests, clock } = failing(refused, refused, refused, page);
    await expect(upstream.page(NAME, {})).rejects.toThrow("connection refused");
    expect(requests).toHaveLength(3);
    await expect(upstream.page(parseProjectName("other"), {})).rejects.toThrow("connection refused, a moment ago");
    expect(requests).toHaveLength(3);
    clock.now += 2_000;
    const [tried, told] = await Promise.allSettled([
      upstream.page(NAME, {}),
      upstream.page(parseProjectName("other"), {}),
    ]);
    expect([tried.status, told.status]).toEqual(["fulfilled", "rejected"]);
    expect(await upstream.page(parseProjectName("other"), {})).toMatchObject({ kind: "page" });
  });

  test("because it is asked too much is left alone for as long as it says, half a minute at most", async () => {
    const tooMany = (after: string) => () => new Response(null, { status: 429, headers: { "Retry-After": after } });
    const { upstream, requests, clock } = failing(tooMany("5"), tooMany("3600"), tooMany("0"), page);
    const asked = async () => {
      const before = requests.length;
      const [outcome] = await Promise.allSettled([upstream.page(NAME, {})]);
      return [requests.length - before, outcome.status === "rejected" ? outcome.reason : outcome.value];
    };
    const leftFor = (seconds: number) =>
      expect.objectContaining({ kind: "upstream-failed", answered: 429, retryAfterSeconds: seconds });
    expect(await asked()).toEqual([1, leftFor(5)]);
    clock.now += 4_000;
    expect(await asked()).toEqual([0, leftFor(1)]);
    clock.now += 1_000;
    expect(await asked()).toEqual([1, leftFor(3_600)]);
    clock.now += 29_000;
    expect(await asked()).toEqual([0, leftFor(1)]);
    // Where the clock is set back, the pause is not longer.
    clock.now -= 3_600_000;
    expect(await asked()).toEqual([1, leftFor(0)]);
    expect(await asked()).toEqual([1, expect.objectContaining({ kind: "page" })]);
  });

  test("for one page only by 5xx goes on being asked for the others", async () => {
    const { upstream } = failing(status(500));
    await expect(upstream.page(NAME, {})).rejects.toThrow("it answered 500");
    expect(await upstream.page(parseProjectName("other"), {})).toMatchObject({ kind: "page" });
  });
});
