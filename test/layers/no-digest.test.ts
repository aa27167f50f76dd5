import { afterEach, describe, expect, test, vi } from "vitest";
import { FILENAME, URL_OF_FILE, PAGE, TTL, bytesOf, A, textOf, served } from "../support/replaced.ts";
import { Rig } from "../support/rig.ts";
import { fileResponse } from "../support/upstream.ts";

afterEach(() => vi.restoreAllMocks());

describe("a file that no digest verifies", () => {
  const html = `<html><body><a href="${URL_OF_FILE}">${FILENAME}</a></body></html>`;
  function offer(rig: Rig, bytes: Uint8Array, headers: Record<string, string>) {
    rig.upstream.on(PAGE, () => new Response(html, { headers: { "Content-Type": "text/html" } }));
    rig.upstream.on(URL_OF_FILE, (request) => {
      const answer = fileResponse(request, bytes);
      return new Response(answer.body, { headers: { "Content-Length": String(bytes.byteLength), ...headers } });
    });
  }

  test.each([
    ["size", bytesOf("the second bytes", 5_001), {}, {}],
    ["ETag", bytesOf("the second bytes"), { ETag: '"1"' }, { ETag: '"2"' }],
    [
      "Last-Modified",
      bytesOf("the second bytes"),
      { "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT" },
      { "Last-Modified": "Fri, 02 Jan 2026 00:00:00 GMT" },
    ],
  ])("is replaced where the upstream says another %s of it", async (_, second, before, after) => {
    const rig = new Rig();
    offer(rig, A.bytes, before);
    expect(await served(rig)).toBe(textOf(A.bytes));
    offer(rig, second, after);
    rig.wait(TTL);
    expect(await served(rig)).toBe(textOf(second));
    rig.restart();
    expect(await served(rig)).toBe(textOf(second));
  });

  test("is served where the upstream is slow to say that it is another, and then fails; that is reported as such", async () => {
    const [warn, error] = [vi.spyOn(console, "warn"), vi.spyOn(console, "error")];
    const rig = new Rig();
    offer(rig, A.bytes, { ETag: '"1"' });
    expect(await served(rig)).toBe(textOf(A.bytes));
    rig.upstream.on(URL_OF_FILE, async ({ method }) => {
      if (method !== "HEAD") return new Response("no", { status: 503 });
      await new Promise((resolve) => setTimeout(resolve, LATE));
      return new Response(null, { headers: { "Content-Length": String(A.bytes.byteLength), ETag: '"2"' } });
    });
    rig.wait(TTL);
    expect(await served(rig)).toBe(textOf(A.bytes));
    expect(error.mock.calls).toEqual([]);
    expect(warn.mock.calls.flat().join()).toMatch(`${FILENAME}, which is another upstream: `);
  });
});

/** Longer than a request waits for the comparison. Milliseconds. */
const LATE = 1_300;
