import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Fetch, FetchAnswer, FetchInit } from "../../../worker/platform/platform.ts";
import { BYTES, type Origin, startOrigin, TEXT } from "./origin.ts";

/** A request, and what is done with its answer. */
export interface Asked {
  readonly url: string;
  readonly method?: FetchInit["method"];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly undecoded?: boolean;
  /** Milliseconds after which the request is given up. */
  readonly patience?: number;
  /** The size of the reader's memory; 0: the body is cancelled after its first bytes. */
  readonly view?: number;
}

export interface Seen {
  /** What `fetch` rejected with. */
  readonly error?: string;
  readonly status?: number;
  /** Those of `NAMES` that the answer has. */
  readonly headers?: Readonly<Record<string, string>>;
  /** In Latin-1; null where the response has no body. */
  readonly body?: string | null;
  readonly bodyError?: string;
}

/** Asks, and reads the answer. It runs in workerd as well, from its text alone: it uses nothing of this file. */
export async function ask(
  fetched: Fetch,
  { url, method = "GET", headers = {}, body, undecoded, patience, view = 1_000 }: Asked,
): Promise<Seen> {
  const NAMES = ["Content-Encoding", "Content-Length", "ETag", "Location", "X-Long", "X-Spaced", "X-Two"];
  const signal = patience === undefined ? undefined : AbortSignal.timeout(patience);
  const init: FetchInit = {
    method,
    headers: { ...headers },
    redirect: "manual",
    ...(body && { body }),
    ...(signal && { signal }),
    ...(undecoded && { encodeResponseBody: "manual" }),
  };
  let response: FetchAnswer;
  try {
    response = await fetched(new URL(url), init);
  } catch (error) {
    return { error: String(error) };
  }
  const { status } = response;
  const present = NAMES.map((name) => [name.toLowerCase(), response.headers.get(name)] as const);
  const seen = {
    status,
    headers: Object.fromEntries(present.flatMap(([name, value]) => (value === null ? [] : [[name, value]]))),
  };
  if (!response.body) return { ...seen, body: null };
  let text = "";
  try {
    const reader = response.body.getReader({ mode: "byob" });
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(view || 1_000));
      if (done) break;
      for (const byte of value) text += String.fromCharCode(byte);
      if (view === 0) {
        await reader.cancel();
        break;
      }
    }
  } catch (error) {
    return { ...seen, body: text, bodyError: String(error) };
  }
  return { ...seen, body: text };
}

/** @param asks does what `ask` does, with the platform's `fetch` */
export function fetchSuite(asks: (asked: Asked) => Promise<Seen>): void {
  let origin: Origin;
  beforeAll(async () => {
    origin = await startOrigin();
  });
  afterAll(() => origin.close());
  const got = (path: string, asked: Omit<Asked, "url"> = {}) => asks({ ...asked, url: `${origin.url}${path}` });
  const requestFor = (path: string) => origin.requests.find((request) => request.includes(` ${path} `)) ?? "";

  test("a request has the method, headers and body that it was given, and nothing that tells of whoever asks", async () => {
    const headers = { "User-Agent": "u", "Content-Type": "text/xml", Accept: "text/xml" };
    await got("/posted?a=b", { method: "POST", headers, body: "héllo" });
    const [lines = "", body] = requestFor("/posted?a=b").split("\r\n\r\n");
    const [line, ...fields] = lines.split("\r\n");
    expect([line, body]).toEqual(["POST /posted?a=b HTTP/1.1", Buffer.from("héllo").toString("latin1")]);
    const own = fields.map((field) => field.toLowerCase()).filter((field) => !/^(?:connection|cf-worker):/.test(field));
    const host = `host: ${new URL(origin.url).host}`;
    expect(own.toSorted()).toEqual(
      ["accept: text/xml", "content-length: 6", "content-type: text/xml", host, "user-agent: u"].toSorted(),
    );
  });

  test("a request without Accept-Encoding accepts none", async () => {
    await got("/plain");
    expect(requestFor("/plain")).toMatch(/^GET /);
    expect(requestFor("/plain")).not.toMatch(/accept-encoding/i);
  });

  test("an answer has its status and each of its headers", async () => {
    const { status, headers, body } = await got("/redirect");
    expect({ status, body }).toEqual({ status: 302, body: "abc" });
    expect(headers).toEqual({ location: "/bytes?a=b", "content-length": "3" });
    const many = await got("/headers");
    expect(many.headers).toMatchObject({
      "x-two": "1, 2",
      "x-long": "a".repeat(30_000),
      "x-spaced": expect.stringMatching(/^a(?:à|Ã\u00a0)$/),
    });
  });

  test.each([
    ["/translated", 404],
    ["/unheard-of", 999],
  ])("the answer of %s is no lost connection: its status is %i", async (path, status) => {
    expect(await got(path)).toMatchObject({ status, headers: { "content-length": "0" } });
  });

  test("informational answers are passed over", async () => {
    expect(await got("/hints")).toMatchObject({ status: 200, body: "ok", headers: { "content-length": "2" } });
  });

  test("a validator outside ASCII goes back byte by byte", async () => {
    const { headers } = await got("/validator");
    await got("/validated", { headers: { "If-None-Match": headers?.["etag"] ?? "" } });
    const field = /^if-none-match: (.*)\r$/im.exec(requestFor("/validated"))?.[1] ?? "";
    expect(Buffer.from(field, "latin1").toString()).toBe('"é€"');
  });

  test.each([7, 1_000, 65_536, 1_000_000])(
    "a body is a byte stream, for readers with %i bytes of memory",
    async (view) => {
      const { body } = await got("/bytes", { view });
      expect(body === Buffer.from(BYTES).toString("latin1")).toBe(true);
    },
  );

  describe("encodings", () => {
    test.each(["gzip", "br"])("%s is decoded, and the headers are those that were sent", async (coding) => {
      const { headers, body } = await got(`/${coding}`);
      expect(body).toBe(TEXT);
      expect(headers).toMatchObject({ "content-encoding": coding });
      expect(Number(headers?.["content-length"])).toBeLessThan(TEXT.length);
    });

    test("gzip of several members is decoded as one", async () => {
      expect((await got("/gzip-twice")).body).toBe(TEXT + TEXT);
    });

    test("other encodings stay as they are", async () => {
      const { headers, body } = await got("/deflate");
      expect([headers?.["content-encoding"], headers?.["content-length"]]).toEqual(["deflate", String(body?.length)]);
    });

    test("a body is as it was sent where the request wants that", async () => {
      const { headers, body } = await got("/gzip", { undecoded: true });
      expect([headers?.["content-encoding"], headers?.["content-length"]]).toEqual(["gzip", String(body?.length)]);
      expect(body?.slice(0, 2)).toBe("\x1f\x8b");
    });

    test.each(["/gzip-cut", "/gzip-not"])("the body of %s fails", async (path) => {
      expect(await got(path)).toMatchObject({ status: 200, bodyError: expect.any(String) });
    });
  });

  describe("ends", () => {
    test.each(["/cut", "/chunk-cut", "/no-last-chunk"])("the body of %s fails as a lost connection", async (path) => {
      const { status, bodyError } = await got(path);
      expect([status, bodyError]).toEqual([200, "Error: Network connection lost."]);
    });

    test.each([
      ["/chunked", "abcde"],
      ["/until-closed", "abc"],
      ["/longer", "abc"],
    ])("the body of %s is %s", async (path, body) => {
      const seen = await got(path);
      expect([seen.body, seen.bodyError]).toEqual([body, undefined]);
    });

    test("answers to HEAD, 204 and 304 have no body, whatever their headers say", async () => {
      expect(await got("/gzip", { method: "HEAD" })).toMatchObject({
        body: null,
        headers: { "content-encoding": "gzip", "content-length": expect.stringMatching(/^\d+$/) },
      });
      expect(await got("/none")).toMatchObject({ status: 204, body: null });
      expect(await got("/unchanged")).toMatchObject({ status: 304, body: null, headers: { "content-length": "55" } });
    });

    test("a connection that is refused, or closed without an answer, is lost", async () => {
      expect(await asks({ url: "http://127.0.0.1:1/" })).toEqual({ error: "Error: Network connection lost." });
      expect(await got("/nothing")).toEqual({ error: "Error: Network connection lost." });
    });

    test.each(["/no-http", "/no-length"])("the answer of %s is refused", async (path) => {
      expect(await got(path)).toEqual({ error: expect.any(String) });
    });

    test("a request that is given up ends", async () => {
      expect(await got("/silent", { patience: 50 })).toEqual({ error: expect.stringMatching(/abort|timeout/i) });
    });

    test("a body that is given up ends, and so does its connection", async () => {
      await vi.waitUntil(() => origin.connections.size === 0, { timeout: 10_000 });
      const { status, bodyError } = await got("/endless", { patience: 100 });
      expect([status, bodyError]).toEqual([200, expect.stringMatching(/abort|timeout/i)]);
      await vi.waitUntil(() => origin.connections.size === 0, { timeout: 10_000 });
    });

    test("the connection of a cancelled body is closed", async () => {
      await vi.waitUntil(() => origin.connections.size === 0, { timeout: 10_000 });
      expect(await got("/endless", { view: 0 })).toMatchObject({ status: 200 });
      await vi.waitUntil(() => origin.connections.size === 0, { timeout: 10_000 });
    });
  });
}
