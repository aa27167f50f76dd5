import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { withPolicy, NOW, OLD, YOUNG, DEMO } from "../support/guarded.ts";
import { host, OPEN_TEAM, READER, setStatus, TEAM, teamOf } from "../support/hosted.ts";
import { filePath, Rig } from "../support/rig.ts";
import type { FakeFile } from "../support/upstream.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

const metadata = (version: string, more = "", description = "# Hello\n\nIt *works*.\n") =>
  `Metadata-Version: 2.4\nName: Demo.Tools\nVersion: ${version}\nSummary: Tools for demos\nLicense-Expression: MIT\nRequires-Python: >=3.9\nAuthor-email: Ada <ada@example.org>\nProject-URL: Source, https://example.org/src?a=1&b=2\nProject-URL: Evil, javascript:alert(1)\nProvides-Extra: fast\nRequires-Dist: six>=1.10\nRequires-Dist: uvloop; extra == "fast"\n${more}Description-Content-Type: text/markdown\n\n${description}`;

const wheel = (
  version: string,
  tags = "py3-none-any",
  more: Partial<FakeFile> & { extra?: string } = {},
): FakeFile => ({
  filename: `demo_tools-${version}-${tags}.whl`,
  bytes: bytes(`${version} ${tags}`),
  metadata: metadata(version, more.extra),
  ...more,
});

const FILES = [wheel("1.0"), wheel("1.9", "py3-none-any", { entry: { yanked: "It <b>fails</b>." } }), wheel("1.10")];

let rig: Rig;
beforeEach(async () => {
  rig = new Rig(OPEN_TEAM);
  await rig.upstream.publish("demo-tools", FILES, { versions: ["1.0", "1.9", "1.10"] });
});

const page = async (path: string, headers: Record<string, string> = {}, from = rig) => {
  const answer = await from.get(path, headers);
  return { status: answer.status, text: answer.text(), headers: answer.headers };
};

describe("the page of a project", () => {
  test("says what it is, what it needs, and how to install it from this index", async () => {
    const { status, text } = await page("/project/demo-tools/");
    expect(status).toBe(200);
    expect(text).toMatch(/<h1>Demo\.Tools <small>1\.10<\/small><\/h1><p class="lead">Tools for demos<\/p>/);
    for (const fact of [">=3.9".replace(">", "&gt;"), "MIT", "Ada", "fast"]) expect(text).toContain(`<dd>${fact}</dd>`);
    expect(text).not.toContain("ada@example.org");
    expect(text).toContain(
      '<a href="https://example.org/src?a=1&amp;b=2" rel="nofollow noopener noreferrer ugc">Source</a>',
    );
    expect(text).not.toMatch(/javascript:|Evil/);
    expect(text).toContain('<a href="../../project/six/">six</a> &gt;=1.10');
    expect(text).toMatch(/1 more with extras[^]*project\/uvloop\/">uvloop<\/a>[^]*if extra == &quot;fast&quot;/);
    expect(text).toContain("<h3>Hello</h3>\n<p>It <em>works</em>.</p>");
    expect(text).toContain("pip install --index-url https://edge.test/simple/ demo-tools<");
    expect(text).not.toContain("extra-index-url");
    expect(text).toContain(`href="../../files/files.upstream.test/packages/demo_tools-1.10-py3-none-any.whl"`);
    expect(text).toContain(">from upstream.test<");
  });

  test("lists versions newest first, with what is yanked and why, and shows one release by its address", async () => {
    const { text } = await page("/project/demo-tools/");
    const versions = [...text.matchAll(/<a href="[^"]*\/project\/demo-tools\/([^/"]+)\/"/g)].map(
      ([, version]) => version,
    );
    expect(versions).toEqual(["1.10", "1.9", "1.0"]);
    expect(text).toMatch(/1\.9<\/a>[^]*?yanked[^]*?It &lt;b&gt;fails&lt;\/b&gt;\./);
    const old = (await page("/project/demo-tools/1.9/")).text;
    expect(old).toContain("This release is yanked:");
    expect(old).toContain("uv pip install --default-index https://edge.test/simple/ demo-tools==1.9<");
    expect(old).toContain('<a href="../../../project/demo-tools/1.9/" aria-current="page">');
    expect(old).not.toContain("demo_tools-1.10-");
  });

  test("has one address: other spellings are redirected", async () => {
    for (const path of ["/project/Demo_Tools/", "/project/demo-tools", "/project//demo-tools/"]) {
      const { status, headers } = await page(path);
      expect([path, status, new URL(headers.get("Location") ?? "", `https://edge.test${path}`).pathname]).toEqual([
        path,
        302,
        "/project/demo-tools/",
      ]);
    }
    expect((await page("/project/-x/")).status).toBe(400);
    expect((await page("/project/demo-tools/<b>/")).status).toBe(400);
  });

  test("of what does not exist is 404, and a failing upstream is not absence", async () => {
    const absent = await page("/project/demo-tolls/");
    expect([absent.status, absent.text]).toEqual([404, expect.stringContaining("<h1>No project demo-tolls</h1>")]);
    const release = await page("/project/demo-tools/7.0/");
    expect([release.status, release.text]).toEqual([404, expect.stringContaining("No demo-tools 7.0")]);
    rig.upstream.down = true;
    expect((await page("/project/other/")).status).toBe(503);
  });

  test("has its failures as a page where a browser asks, and as a sentence for others", async () => {
    rig.upstream.down = true;
    const failed = await page("/project/other/", { Accept: "text/html,*/*;q=0.8" });
    expect([failed.status, failed.headers.get("Retry-After"), failed.headers.get("Cache-Control")]).toEqual([
      503,
      "1",
      "no-store",
    ]);
    expect(failed.text).toMatch(
      /<h1>Not now<\/h1><p class="lead">The upstream upstream\.test cannot be used right now/,
    );
    const wrong = await page("/project/-x/", { Accept: "text/html" });
    expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining("&quot;-x&quot; is not a project name")]);
    expect((await page("/project/other/")).text).toMatch(/^The upstream upstream\.test/);
  });

  test("is for no shared cache and no search engine, and its links send no referrer", async () => {
    const { headers } = await page("/project/demo-tools/");
    expect(Object.fromEntries(headers)).toMatchObject({
      "cache-control": "private, no-cache",
      "referrer-policy": "same-origin",
      "x-robots-tag": "noindex, nofollow",
    });
  });

  test("says while the upstream is away since when, from what is stored", async () => {
    await rig.page("demo-tools");
    rig.wait(3_600_000);
    rig.upstream.down = true;
    const { status, text } = await page("/project/demo-tools/");
    expect([status, text]).toEqual([200, expect.stringContaining("The upstream cannot be asked now.")]);
  });
});

describe("looking at a project", () => {
  const state = async () => ({
    pages: (await env.PAGES.list()).keys.map(({ name }) => name),
    files: (await env.FILES.list()).objects.map(({ key }) => key),
    rows: await Promise.all(
      ["page", "object", "popularity", "file", "stray"].map((table) =>
        env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<{ n: number }>(),
      ),
    ),
  });

  test("stores nothing, counts as no demand, and prefetches nothing", async () => {
    const before = await state();
    for (let n = 0; n < 3; n++) expect((await page("/project/demo-tools/")).text).toContain("It <em>works</em>.");
    await rig.get("/project/demo-tools/1.0/");
    rig.wait(3_600_000);
    await rig.get("/");
    expect(await state()).toEqual(before);
    expect([rig.queue.messages, rig.refreshes.messages]).toEqual([[], []]);
    expect(rig.upstream.requests.filter((request) => !/simple\/demo-tools\/$|\.whl\.metadata$/.test(request))).toEqual(
      [],
    );
  });

  test("reads what clients have stored, and says what of it is stored, and when it was last used", async () => {
    await rig.page("demo-tools");
    await rig.get(filePath("demo_tools-1.10-py3-none-any.whl"));
    await rig.get(`${filePath("demo_tools-1.10-py3-none-any.whl")}.metadata`);
    rig.forget();
    const { text } = await page("/project/demo-tools/");
    expect(rig.upstream.requests).toEqual([]);
    expect(text).toContain("It <em>works</em>.");
    expect(text).toMatch(/yes, used <time datetime="2026-11-22T/);
    expect((await page("/project/demo-tools/1.0/")).text).toContain('<span class="soft">no</span>');
  });

  test("shows nothing of metadata whose bytes are not those that the page promises", async () => {
    rig.upstream.on(
      `https://files.upstream.test/packages/demo_tools-1.10-py3-none-any.whl.metadata`,
      () => new Response(metadata("1.10", "", "Tampered.")),
    );
    const { status, text } = await page("/project/demo-tools/");
    expect([status, text]).toEqual([200, expect.not.stringMatching(/Tampered|Tools for demos/)]);
    expect(text).toContain("was not fetched");
  });

  test("renders a description once, whoever looks", async () => {
    rig.forget();
    await page("/project/demo-tools/");
    expect(rig.counts["cache.put"]).toBeGreaterThan(0);
    rig.restart();
    rig.forget();
    expect((await page("/project/demo-tools/")).text).toContain("It <em>works</em>.");
    expect(rig.counts["cache.put"] ?? 0).toBe(0);
  });
});

describe("the files of a release", () => {
  const TAGS = [
    "cp38-cp38-win_amd64",
    "cp314-cp314-manylinux_2_28_x86_64",
    "cp314-cp314t-manylinux_2_28_x86_64",
    "cp39-abi3-macosx_11_0_arm64",
  ];
  beforeEach(() =>
    rig.upstream.publish("demo-tools", [
      ...TAGS.map((tags, at) =>
        wheel("2.0", tags, at === 0 ? { metadata: metadata("2.0", "Requires-Dist: pywin32\n") } : {}),
      ),
      { filename: "demo_tools-2.0.tar.gz", bytes: bytes("source") },
    ]),
  );
  const rows = (text: string) =>
    [...text.matchAll(/<th scope="row" class="name"><a href="[^"]*\/demo_tools-2\.0([^"]*)"/g)].map(([, it]) => it);

  test("are in an order that people know, free-threaded builds apart", async () => {
    const { text } = await page("/project/demo-tools/");
    expect(rows(text)).toEqual([
      ".tar.gz",
      "-cp38-cp38-win_amd64.whl",
      "-cp39-abi3-macosx_11_0_arm64.whl",
      "-cp314-cp314-manylinux_2_28_x86_64.whl",
      "-cp314-cp314t-manylinux_2_28_x86_64.whl",
    ]);
    expect(text).toContain("<td>CPython 3.9 and later</td><td>abi3</td><td>macosx_arm64</td>");
    expect(text).toContain("<td>CPython 3.14t</td><td>cp314t</td>");
  });

  test("are filtered by the address alone", async () => {
    expect(rows((await page("/project/demo-tools/?python=cp314t&platform=")).text)).toEqual([
      "-cp314-cp314t-manylinux_2_28_x86_64.whl",
    ]);
    const linux = (await page("/project/demo-tools/?platform=manylinux_x86_64")).text;
    expect(rows(linux)).toHaveLength(2);
    expect(linux).toContain('<option value="manylinux_x86_64" selected="">');
    expect(linux).toContain("2 of 5 files");
  });

  test("have their own requirements where wheels differ", async () => {
    const { text } = await page("/project/demo-tools/");
    expect(text).toMatch(/Of 3 wheels[^]*Of 1 wheel<[^]*cp38-cp38-win_amd64\.whl[^]*project\/pywin32\//);
  });
});

describe("the page of a hosted project", () => {
  beforeEach(async () => {
    await host("acme-tools", "acme_tools-1.0-py3-none-any.whl", { metadata: metadata("1.0") });
  });

  test("says that it is hosted, and asks no upstream", async () => {
    const { status, text } = await page("/team/project/acme-tools/");
    expect([status, text]).toEqual([200, expect.stringContaining("hosted in team")]);
    expect(text).toContain("It <em>works</em>.");
    expect(rig.upstream.requests).toEqual([]);
    expect((await page("/project/acme-tools/")).status).toBe(404);
  });

  test("shows its status with the reason", async () => {
    await setStatus("acme-tools", "archived", "Use other-tools.");
    expect((await page("/team/project/acme-tools/")).text).toContain("This project is archived.</b> Use other-tools.");
  });

  test("of a private index is for who may read that, with a place for a token in the commands", async () => {
    const closed = new Rig(TEAM);
    const refused = await page("/team/project/acme-tools/", {}, closed);
    expect([refused.status, refused.text]).toEqual([401, expect.not.stringContaining("acme")]);
    const { text, headers } = await page("/team/project/acme-tools/", READER, closed);
    expect(text).toContain("pip install --index-url https://__token__:TOKEN@edge.test/team/simple/ acme-tools<");
    expect(headers.get("Cache-Control")).toBe("private, no-cache");
  });
});

describe("what the policy refuses", () => {
  test("is not offered on the page, and the reason and the time are said", async () => {
    rig = withPolicy({ min_age: "3d" });
    await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
    const { text } = await page("/project/demo/");
    expect(text).toMatch(/<small>1\.0<\/small>/);
    expect(text).toMatch(/demo\/2\.0\/">2\.0<\/a>[^]*?held until <time datetime="2026-11-24T12:00/);
    expect(text).not.toContain(`/${YOUNG.filename}"`);
    const young = (await page("/project/demo/2.0/")).text;
    expect(young).toContain("No file of 2.0 is offered.");
    expect(young).toMatch(/min-age<\/span> [^<]*held until 2026-11-24 12:00 UTC/);
    rig.wait(3 * 86_400_000);
    expect((await page("/project/demo/")).text).toMatch(/<small>2\.0<\/small>/);
  });

  test("whole is a page that says so, and no upstream is asked about a name that is denied", async () => {
    rig = withPolicy({ deny: ["demo"] });
    const { status, text } = await page("/project/demo/");
    expect([status, text]).toEqual([
      451,
      expect.stringMatching(/This index does not offer demo\.<\/b> [^<]*denies demo/),
    ]);
    const why = await page("/-/why/demo", { Accept: "text/html" });
    expect([why.status, why.text]).toEqual([
      451,
      expect.stringContaining("denies demo. The rule is `deny` in the configuration of default."),
    ]);
    expect(rig.upstream.requests).toEqual([]);
    rig = withPolicy({ before: "2026-01-01" });
    await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
    expect((await page("/project/demo/")).text).toMatch(/Not offered[^]*demo-2\.0-[^]*demo-1\.0-/);
  });

  test("is that of a view as well", async () => {
    rig = new Rig(teamOf({}));
    await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
    const day = new Date(NOW - 10 * 86_400_000).toISOString().slice(0, 10);
    const { text } = await page(`/@before=${day}/project/demo/`);
    expect(text).toContain(`view before=${day}`);
    expect(text).toContain(`--index-url https://edge.test/@before=${day}/simple/ demo<`);
    expect(text).toMatch(/<small>1\.0<\/small>/);
    expect(text).not.toContain(`/${YOUNG.filename}"`);
  });
});

test("a page of three hundred releases is small, and shows the files of one release only", async () => {
  const files = Array.from({ length: 300 }, (_, at) => ({
    filename: `many-1.${at}-py3-none-any.whl`,
    bytes: bytes(`${at}`),
    metadata: metadata(`1.${at}`, "", "# Long\n\nwords ".repeat(200)),
    entry: { "upload-time": new Date(NOW - at * 86_400_000).toISOString() },
  }));
  await rig.upstream.publish("many", files, { versions: [] });
  const { text } = await page("/project/many/");
  const gzip = new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip")));
  const { byteLength } = await gzip.arrayBuffer();
  expect(text.match(/\/project\/many\/1\.\d+\//g)).toHaveLength(300);
  expect(text.match(/\/files\//g)).toHaveLength(1);
  expect(byteLength).toBeLessThan(50 * 1024);
});
