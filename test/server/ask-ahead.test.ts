import { createHash } from "node:crypto";
import { afterEach, expect, test, vi } from "vitest";
import { openRig, type MachineRig } from "./shared-fills/rig.ts";

const UV = (subcommand: string[]) =>
  `uv/0.9.0 ${JSON.stringify({
    installer: { name: "uv", subcommand },
    python: "3.11.2",
    implementation: { name: "CPython" },
    distro: { libc: { lib: "glibc", version: "2.36" } },
    system: { name: "Linux" },
    cpu: "x86_64",
  })}`;
const INSTALL = UV(["pip", "install"]);
const WHEEL = Buffer.alloc(100, 1);

const opened: MachineRig[] = [];
afterEach(async () => {
  for (const rig of opened.splice(0)) await rig.close();
});

const digestOf = (bytes: string | Buffer) => createHash("sha256").update(bytes).digest("hex");

/** `top` requires `middle` and, on Windows, `windows`; `middle` requires `bottom[fast]`, which requires `extra`. */
const GRAPH: Readonly<Record<string, readonly string[]>> = {
  top: ["middle>=1", 'windows; sys_platform == "win32"', "elsewhere @ https://elsewhere.test/x.whl"],
  middle: ["bottom[fast]<2"],
  bottom: ['extra; extra == "fast"', 'other; extra == "slow"'],
  windows: [],
  extra: ["top"],
  other: [],
};

/** A server over an upstream that has `GRAPH`, each project with one wheel; at each look of its clock `step` ms have passed. */
async function serving({ vars = {}, step = 60, broken = [] as readonly string[] } = {}) {
  let time = Date.parse("2026-11-29T12:00:00Z");
  const asked: string[] = [];
  const answer = (path: string): Response => {
    const [, area, name = ""] = path.split("/");
    if (broken.includes(path)) return new Response(null, { status: 400 });
    const project = name.split("-", 1)[0] ?? "";
    const requires = GRAPH[project];
    if (!requires) return new Response(null, { status: 404 });
    const metadata = `Metadata-Version: 2.1\nName: ${project}\nVersion: 1.0\n${requires.map((each) => `Requires-Dist: ${each}\n`).join("")}`;
    if (area === "files") return new Response(name.endsWith(".metadata") ? metadata : WHEEL);
    const filename = `${project}-1.0-py3-none-any.whl`;
    const file = { filename, url: `/files/${filename}`, size: WHEEL.byteLength, hashes: { sha256: digestOf(WHEEL) } };
    const page = {
      meta: { "api-version": "1.1" },
      name,
      files: [{ ...file, "core-metadata": { sha256: digestOf(metadata) } }],
    };
    return Response.json(page, { headers: { "Content-Type": "application/vnd.pypi.simple.v1+json" } });
  };
  const rig = await openRig(
    () => ({
      now: () => (time += step),
      fetch: async ({ pathname }) => {
        asked.push(pathname);
        return answer(pathname);
      },
    }),
    { PREFETCH: 1, METRICS: "open", ...vars },
  );
  opened.push(rig);
  const get = async (path: string, userAgent = INSTALL) =>
    fetch(`http://127.0.0.1:${rig.port}${path}`, { headers: { "User-Agent": userAgent } });
  const isOf = (end: string) =>
    asked
      .filter((path) => path.endsWith(end))
      .map((path) => path.split("/")[2]?.split("-")[0] ?? "")
      .toSorted((one, other) => one.localeCompare(other));
  return {
    rig,
    get,
    asked,
    /** The projects of which something was asked of the upstream. */
    pages: () => isOf("/"),
    metadata: () => isOf(".metadata"),
    wheels: () => isOf(".whl"),
    page: async (name: string, userAgent = INSTALL) => (await get(`/simple/${name}/`, userAgent)).status,
  };
}

const ALL = ["bottom", "extra", "middle", "top"];

test("what an installer will ask for is fetched as soon as it has asked for a page, once", async () => {
  const { rig, get, page, pages, metadata, wheels, asked } = await serving();
  expect(await page("top")).toBe(200);
  await vi.waitFor(() => expect([pages(), metadata(), wheels()]).toEqual([ALL, ALL, ALL]), 20_000);
  await vi.waitFor(() => expect(rig.stored()).toHaveLength(8), 20_000);
  const before = asked.length;
  for (const name of ALL) {
    const answer = await get(`/simple/${name}/`);
    const { files } = (await (await get(`/simple/${name}/?format=application/vnd.pypi.simple.v1+json`)).json()) as {
      files: { url: string }[];
    };
    const url = new URL(files[0]?.url ?? "", answer.url).pathname;
    expect([answer.status, (await get(`${url}.metadata`)).status, (await get(url)).status]).toEqual([200, 200, 200]);
  }
  expect(asked.length).toBe(before);
  const metrics = await (await get("/-/metrics")).text();
  const numbers = Object.fromEntries(
    [
      ...metrics.matchAll(
        /pypi_edge_ahead_total\{(?:outcome="(\w+)",part="(\w+)"|part="(\w+)",outcome="(\w+)")\} (\d+)/g,
      ),
    ].map(([, outcome, part, otherPart, otherOutcome, count]) => [
      `${part ?? otherPart} ${outcome ?? otherOutcome}`,
      Number(count),
    ]),
  );
  // The first page was asked for by the client.
  expect(numbers).toEqual({
    "page fetched": 3,
    "page used": 3,
    "metadata fetched": 4,
    "metadata used": 4,
    "file fetched": 4,
    "file used": 4,
  });
});

test("for a lock, what any environment may ask for is fetched, and no wheel", async () => {
  const { rig, page, pages, wheels } = await serving();
  expect(await page("top", UV(["lock"]))).toBe(200);
  await vi.waitFor(() => expect(rig.stored()).toHaveLength(5), 20_000);
  await rig.stopServing();
  expect([pages(), wheels()]).toEqual([[...ALL, "windows"], []]);
});

test.each([
  ["another client asks", { userAgent: "curl/8.0" }],
  ["the upstream is near", { step: 0 }],
  ["the setting is 0", { vars: { PREFETCH: 0 } }],
  ["the index has a policy", { vars: { INDEXES: { default: { sources: ["pypi"], policy: { deny: ["bottom"] } } } } }],
])(
  "nothing is asked ahead where %s",
  async (_, { userAgent = INSTALL, ...how }: { userAgent?: string; step?: number; vars?: object }) => {
    const { rig, page, asked } = await serving(how);
    await page("top", userAgent);
    await rig.stopServing();
    expect(asked).toEqual(["/simple/top/"]);
  },
);

test("no upstream is asked ahead for a reserved name", async () => {
  const { rig, page, pages } = await serving({ vars: { RESERVED: ["bottom"] } });
  await page("top");
  await vi.waitFor(() => expect(rig.stored()).toHaveLength(4), 20_000);
  await rig.stopServing();
  expect(pages()).toEqual(["middle", "top"]);
});

test("an upstream that fails is asked nothing more ahead, and fails no client that asks for something else", async () => {
  const { rig, page, pages } = await serving({ broken: ["/simple/middle/"] });
  expect(await page("top")).toBe(200);
  await vi.waitFor(() => expect(pages()).toContain("middle"), 20_000);
  expect(await page("bottom")).toBe(200);
  await rig.stopServing();
  expect(pages()).toEqual(["bottom", "middle", "top"]);
});
