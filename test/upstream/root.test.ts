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

/** What is found where the text arrives in pieces of each of these sizes; the same for all of them. */
async function inPieces(json: string): Promise<RootEntry[]> {
  const results = await Promise.all([1, 2, 3, 5, 10_000].map((size) => entries(json, size)));
  for (const result of results) expect(result).toEqual(results[0]);
  return results[0] ?? [];
}

const projects = (...members: string[]) => `{"meta":{},"projects":[${members.join(",")}]}`;

test.each([
  ["a serial below zero", '{"name":"a","_last-serial":-5}'],
  ["a serial with a fraction", '{"name":"a","_last-serial":1.5}'],
  ["a serial with an exponent", '{"_last-serial":1e5,"name":"a"}'],
  ["a serial of too many digits", '{"_last-serial":1234567890123456,"name":"a"}'],
  ["a serial and a name deeper down", '{"name":"a","x":{"_last-serial":5,"name":"b"},"y":[{"name":"c"}]}'],
  ["a value that looks like a member", '{"x":"name","name":"a","y":"_last-serial"}'],
  ["escapes in another member", '{"x":"\\"}]\\\\","name":"a"}'],
])("%s is none of the project's", async (_what, project) => {
  expect(await inPieces(projects(project, '{"name":"z","_last-serial":7}'))).toEqual([
    { name: "a" },
    { name: "z", "_last-serial": 7 },
  ]);
});

test("a member between a project's serial and its name changes neither", async () => {
  const json = projects('{"_last-serial":5,"x":{"y":[1,{}]},"name":"a"}', '{"name":"esc\\u0061pe"}');
  expect(await inPieces(json)).toEqual([{ name: "a", "_last-serial": 5 }]);
});

test.each([
  ["is cut in a name", '{"projects":[{"name":"a"},{"na'],
  ["is cut behind a project", '{"projects":[{"name":"a"}'],
  ["is cut in a number", '{"projects":[{"name":"a"}],"x":12'],
  ["has a bracket that closes another", '{"projects":[{"name":"a"}}]'],
  ["has a bracket too many", '{"projects":[{"name":"a"}]}}'],
  ["goes on behind its end", '{"projects":[{"name":"a"}]}{"projects":[]}'],
  ["has no projects", '{"meta":{},"name":"a","files":[]}'],
  ["has projects deeper down", '{"x":{"projects":[{"name":"a"}]}}'],
  ["is a list", '[{"name":"a"}]'],
  ["is nested too deeply", `{"projects":[],"x":${"[".repeat(100)}${"]".repeat(100)}}`],
])("a listing that %s is refused", async (_how, json) => {
  for (const size of [1, 3, 10_000]) await expect(entries(json, size)).rejects.toThrow("root listing");
});

test("a listing with fewer projects than a batch is refused before any is given, where it is cut", async () => {
  const body = new Response('{"projects":[{"name":"a"},').body ?? new ReadableStream();
  await expect(entriesInJson(body).next()).rejects.toThrow("cut off");
});
