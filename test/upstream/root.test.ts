import { expect, test } from "vitest";
import type { RootEntry } from "../../worker/pypi/simple-json.ts";
import { entriesInJson } from "../../worker/upstream/parse-root.ts";

/** The projects in a listing that arrives in pieces of `size` bytes. */
async function entries(json: string, size: number, tell?: (serial: number) => void): Promise<RootEntry[]> {
  const bytes = new TextEncoder().encode(json);
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(bytes.slice(at, (at += size)));
      if (at >= bytes.byteLength) controller.close();
    },
  });
  const found: RootEntry[] = [];
  for await (const batch of entriesInJson(body, tell)) found.push(...batch);
  return found;
}

const LISTING = JSON.stringify({
  meta: { "_last-serial": 99, "api-version": "1.4" },
  projects: [
    { "_last-serial": 1234567, name: "Before" },
    { name: "behind", "_last-serial": 89 },
    { name: "none", _other: "}{" },
    { name: "text", "_last-serial": "89" },
    { name: "no name!", "_last-serial": 5 },
    { name: "last", "_last-serial": 6 },
  ],
});

test.each([1, 2, 3, 7, 10_000])(
  "a listing in pieces of %i bytes has its serial, and each project with its own",
  async (size) => {
    const own: number[] = [];
    expect(await entries(LISTING, size, (serial) => own.push(serial))).toEqual([
      { name: "before", "_last-serial": 1234567 },
      { name: "behind", "_last-serial": 89 },
      { name: "none" },
      { name: "text" },
      { name: "last", "_last-serial": 6 },
    ]);
    expect(own).toEqual([99]);
  },
);
