import { describe, expect, test } from "vitest";
import { FILENAME, URL_OF_FILE, PAGE, TTL, bytesOf, A, textOf, served } from "../support/replaced.ts";
import { Rig } from "../support/rig.ts";
import { fileResponse } from "../support/upstream.ts";

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
});
