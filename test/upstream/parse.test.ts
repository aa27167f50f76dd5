import { describe, expect, test } from "vitest";
import { parseProjectName } from "../../worker/pypi/name.ts";
import { parseHtml } from "../../worker/upstream/parse-html.ts";
import { parseJson } from "../../worker/upstream/parse-json.ts";

const NAME = parseProjectName("demo");
const BASE = new URL("https://index.test/simple/demo/");
const anything = () => true;
const SHA = "ab".repeat(32);
const MD5 = "cd".repeat(16);
const bytes = (text: string) => new TextEncoder().encode(text);
const html = (text: string, base = BASE, mayFetch: (url: URL) => boolean = anything) =>
  parseHtml(bytes(text), NAME, base, mayFetch);
const json = (page: object) =>
  parseJson(bytes(JSON.stringify({ meta: {}, name: "demo", files: [], ...page })), NAME, BASE, anything);

describe("a page in HTML", () => {
  test.each([
    ["a relative link", '<a href="../../p/demo-1.0.zip">demo-1.0.zip</a>', "../../files/index.test/p/demo-1.0.zip"],
    [
      "an absolute link",
      '<a href="https://cdn.test/demo-1.0.zip">demo-1.0.zip</a>',
      "../../files/cdn.test/demo-1.0.zip",
    ],
    [
      "a protocol-relative link",
      '<a href="//cdn.test/demo-1.0.zip">demo-1.0.zip</a>',
      "../../files/cdn.test/demo-1.0.zip",
    ],
    [
      "a base",
      '<base href="https://cdn.test/x/"><a href="demo-1.0.zip">demo-1.0.zip</a>',
      "../../files/cdn.test/x/demo-1.0.zip",
    ],
    [
      "a base with an entity in it",
      '<base href="https://cdn.test/a&amp;b&#x2F;"><a href="demo-1.0.zip">demo-1.0.zip</a>',
      "../../files/cdn.test/a&b/demo-1.0.zip",
    ],
    ["text that is not the name", '<a href="/p/demo-1.0.zip">Download</a>', "../../files/index.test/p/demo-1.0.zip"],
    [
      "line ends and upper case",
      '<A\n HREF="/p/demo-1.0.zip">\n demo-1.0.zip\n</A>',
      "../../files/index.test/p/demo-1.0.zip",
    ],
  ])("with %s", async (_how, text, url) => {
    expect((await html(text)).files).toMatchObject([{ filename: "demo-1.0.zip", url }]);
  });

  test("keeps an escaped plus as it is spelled, and decodes the name", async () => {
    const page = await html('<a href="/whl/demo-1.0%2Bcpu-py3-none-any.whl">demo-1.0+cpu-py3-none-any.whl</a>');
    expect(page.files).toMatchObject([
      { filename: "demo-1.0+cpu-py3-none-any.whl", url: "../../files/index.test/whl/demo-1.0%2Bcpu-py3-none-any.whl" },
    ]);
  });

  test("gives every attribute, entities decoded", async () => {
    const page = await html(
      `<meta name="pypi:repository-version" content="1.4"><meta name="pypi:project-status" content="deprecated"><meta name="pypi:project-status-reason" content="use &quot;other&quot;">
       <a href="/demo-1.0-py3-none-any.whl#sha256=${SHA.toUpperCase()}" data-requires-python="&gt;=3.8,&lt;4" data-yanked="broken &amp; bad" data-dist-info-metadata="sha256=${SHA}" data-provenance="https://index.test/p">demo-1.0-py3-none-any.whl</a>
       <a href="/demo-1.1-py3-none-any.whl" data-yanked data-core-metadata="true">demo-1.1-py3-none-any.whl</a>`,
    );
    expect(page.status).toEqual({ status: "deprecated", reason: 'use "other"' });
    expect(page.files).toMatchObject([
      {
        hashes: { sha256: SHA },
        "requires-python": ">=3.8,<4",
        yanked: "broken & bad",
        "core-metadata": { sha256: SHA },
        provenance: "https://index.test/p",
      },
      { hashes: {}, yanked: true, "core-metadata": true },
    ]);
  });

  test("drops a digest that uv would refuse the page for, keeps md5, and leaves out what is no file or may not be fetched", async () => {
    const page = await html(
      `<a href="/demo-1.0.zip#crc32=00">demo-1.0.zip</a><a href="/demo-1.1.zip#md5=${MD5}">demo-1.1.zip</a>
       <a href="/">home</a><a href="demo-1.2.zip.asc">sig</a><a href="http://10.0.0.1/demo-1.3.zip">demo-1.3.zip</a>`,
      BASE,
      (url) => url.protocol === "https:",
    );
    expect(page.files.map(({ filename, hashes }) => [filename, hashes])).toEqual([
      ["demo-1.0.zip", {}],
      ["demo-1.1.zip", { md5: MD5 }],
    ]);
  });

  test("without files is a page only where it says so itself", async () => {
    expect((await html('<meta name="pypi:repository-version" content="1.0">')).files).toEqual([]);
    await expect(html("<h1>Please log in</h1>")).rejects.toThrow("neither JSON nor a list of files");
  });
});

describe("a page in JSON", () => {
  const file = { filename: "demo-1.0.zip", url: "demo-1.0.zip", hashes: { sha256: SHA.toUpperCase() } };

  test("loses what is malformed, and nothing else", async () => {
    const page = await json({
      files: [
        { ...file, size: "12", yanked: 3, "upload-time": "yesterday", "requires-python": null, future: 1 },
        { filename: 1 },
        "x",
        { ...file, filename: "a/b" },
        file,
      ],
    });
    const kept = {
      filename: "demo-1.0.zip",
      url: "../../files/index.test/simple/demo/demo-1.0.zip",
      hashes: { sha256: SHA },
    };
    expect(JSON.parse(JSON.stringify(page.files))).toEqual([kept, kept]);
  });

  test("may name its metadata the old way or the new", async () => {
    const files = [
      { ...file, "dist-info-metadata": true },
      { ...file, "core-metadata": { sha256: SHA }, "dist-info-metadata": false },
      { ...file, "core-metadata": false },
    ];
    expect((await json({ files })).files.map((entry) => entry["core-metadata"])).toEqual([
      true,
      { sha256: SHA },
      undefined,
    ]);
  });

  test("of another project, or no page at all, is refused with the reason", async () => {
    await expect(json({ name: "other" })).rejects.toThrow('the page of "other"');
    await expect(json({ files: null })).rejects.toThrow("PEP 691");
    await expect(parseJson(bytes("["), NAME, BASE, anything)).rejects.toThrow("not JSON");
  });
});
