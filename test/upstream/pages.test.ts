import { describe, expect, test } from "vitest";
import { JSON_TYPE, Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

const PAGE = `${FakeUpstream.INDEX}demo/`;
const SDIST = { filename: "demo-1.0.tar.gz", bytes: new TextEncoder().encode("an sdist") };

const answered = (body: BodyInit, type: string | null = "text/html", status = 200) => {
  const response = new Response(body, { status });
  response.headers.delete("Content-Type");
  if (type !== null) response.headers.set("Content-Type", type);
  return response;
};

function rigOf(body: BodyInit, type?: string | null): Rig {
  const rig = new Rig();
  rig.upstream.on(PAGE, () => answered(body, type));
  return rig;
}

const json = (entry: Record<string, unknown> = {}, page: Record<string, unknown> = {}) =>
  JSON.stringify({
    meta: { "api-version": "1.1" },
    name: "demo",
    versions: ["1.0"],
    files: [{ filename: SDIST.filename, url: `/p/${SDIST.filename}`, hashes: {}, size: 8, ...entry }],
    ...page,
  });

const file = async (rig: Rig) => (await rig.page("demo")).json?.files[0];

describe("a time of upload", () => {
  test.each([
    ["2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"],
    ["2024-01-02T03:04:05+00:00", "2024-01-02T03:04:05Z"],
    ["2024-01-02T03:04:05-00:00", "2024-01-02T03:04:05Z"],
    ["2024-01-02t03:04:05z", "2024-01-02T03:04:05Z"],
    ["2024-01-02 03:04:05Z", "2024-01-02T03:04:05Z"],
    ["2024-01-01T01:04:05+05:30", "2023-12-31T19:34:05Z"],
    ["2024-02-28T23:30:00-01:00", "2024-02-29T00:30:00Z"],
    ["2024-01-02T03:04:05.123Z", "2024-01-02T03:04:05.123Z"],
    ["2024-01-02T03:04:05.123456+02:00", "2024-01-02T01:04:05.123456Z"],
    ["2024-01-02T03:04:05.123456789Z", "2024-01-02T03:04:05.123456Z"],
    ["2024-01-02T03:04:05.5Z", "2024-01-02T03:04:05.500000Z"],
    ["2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"],
  ])("%s is %s", async (written, emitted) => {
    const { json: page } = await rigOf(json({ "upload-time": written }), JSON_TYPE).page("demo");
    expect(page?.files[0]?.["upload-time"]).toBe(emitted);
  });

  test.each([
    "2024-01-02T03:04:05",
    "2024-01-02",
    "2024-02-30T03:04:05Z",
    "2023-02-29T03:04:05Z",
    "2024-13-02T03:04:05Z",
    "2024-01-02T24:00:00Z",
    "2024-01-02T03:04:05+24:00",
    "2024-01-02T03:04:05+0000",
    "2024-01-02T03:04Z",
    "0000-01-02T03:04:05Z",
    "2023-02-29T03:04:05.123Z",
    "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00",
    `2024-01-02T03:04:05.${"1".repeat(101)}Z`,
    "yesterday",
    1704164645,
    null,
  ])("%j is none, and its file stays", async (written) => {
    const found = await file(rigOf(json({ "upload-time": written }), JSON_TYPE));
    expect([found?.["filename"], found?.["upload-time"]]).toEqual([SDIST.filename, undefined]);
  });
});

describe("the name of a file in HTML", () => {
  test.each([
    ["/f/demo-1.0%2Bcu118-py3-none-any.whl", "demo-1.0%2Bcu118-py3-none-any.whl", "demo-1.0+cu118-py3-none-any.whl"],
    ["/f/demo-1.1-py3-none-any.whl", "Download demo.zip", "demo-1.1-py3-none-any.whl"],
    ["/f/demo-1.2-py3-none-any.whl", "demo-2.0-py3-none-any.whl", "demo-1.2-py3-none-any.whl"],
    ["/f/demo-1.2.zip?x=demo-3.0.zip", "demo-2.0.zip", "demo-1.2.zip"],
    ["/f/demo-1.0%252B1.zip", "demo-1.0+1.zip", "demo-1.0%2B1.zip"],
    ["/download?id=5", "demo-1.3.zip", "demo-1.3.zip"],
    ["/demo/1.3/", " demo-1.3.zip\n", "demo-1.3.zip"],
  ])("%s (%s) is that of its last segment", async (href, text, filename) => {
    expect((await file(rigOf(`<a href="${href}">${text}</a>`)))?.["filename"]).toBe(filename);
  });
});

describe("a page without files", () => {
  const empty = (heading: string) => `<!DOCTYPE html><html><head></head><body>${heading}</body></html>`;

  test.each([
    ["a heading", empty("<h1>Links for demo</h1>")],
    ["a title", "<!DOCTYPE html><html><head><title>Links for Demo</title></head><body></body></html>"],
    ["devpi's heading and button", empty("<h1>root/pypi: links for demo</h1><form><input type=submit></form>")],
    ["the heading of a folder", empty('<h1>Index of /simple/demo/</h1><a href="../">../</a>')],
    ["a meta", '<meta name="pypi:repository-version" content="1.0">'],
    ["an entity in its heading", empty("<h1>Links&#32;for de<b>mo</b></h1>")],
  ])("that says so by %s is an answer", async (_how, html) => {
    const page = await rigOf(html).page("demo");
    expect([page.status, page.json?.files]).toEqual([200, []]);
  });

  const login = [
    ["a form", empty("<form action=/login><input name=user><input type=password name=p></form>")],
    ["a form on a page that is headed like one", empty("<h1>Links for demo</h1><input type=PASSWORD>")],
    ["a link", empty('<a href="/login">Log in</a>')],
    ["a script", empty("<div id=root></div><script src=app.js></script>")],
    ["a redirect in a meta", '<html><head><meta http-equiv="refresh" content="0;url=/login"></head></html>'],
    ["a sentence", empty("<h1>Service temporarily unavailable</h1>")],
    ["another project's heading", empty("<h1>Links for other</h1>")],
    ["a heading that only speaks of links", empty("<h1>Links for demonstration</h1>")],
    ["nothing at all", ""],
    ["plain text", "demo"],
    ["what was cut", "<!DOCTYPE html><html><body>"],
  ] as const;

  test.each(login)("that is %s is a failure", async (_what, html) => {
    expect((await rigOf(html).page("demo")).status).toBe(503);
  });

  test.each(login)("that is %s is a failure where there was a good page, which stays", async (_what, html) => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [SDIST]);
    await rig.page("demo");
    rig.upstream.on(PAGE, () => answered(html));
    rig.wait(601_000);
    const page = await rig.page("demo");
    expect([page.status, page.json?.files.length, page.headers.get("Cache-Status")]).toEqual([
      200,
      1,
      expect.stringContaining("stale"),
    ]);
  });

  test.each([
    ["with a heading", empty("<h1>Links for demo</h1>")],
    ["without a heading", empty("")],
    ["with the name alone", empty("<h1>Demo</h1>")],
  ])("%s takes the files away that were there", async (_how, html) => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [SDIST]);
    await rig.page("demo");
    rig.upstream.on(PAGE, () => answered(html));
    rig.wait(601_000);
    const page = await rig.page("demo");
    expect([page.status, page.json?.files]).toEqual([200, []]);
    expect((await rig.get("/simple/demo/", { Accept: "text/html" })).text()).not.toContain("<a ");
  });

  test.each([
    ["without a heading", empty("")],
    ["with the name alone", empty("<h1>Demo</h1>")],
  ])("%s is a failure where there was none before", async (_how, html) => {
    expect((await rigOf(html).page("demo")).status).toBe(503);
  });
});

describe("a page in JSON", () => {
  test.each(["application/octet-stream", "text/plain", "text/html; charset=latin1", "application/json", null])(
    "is read as such by its brace, of whatever type: %s",
    async (type) => {
      for (const before of ["", "\n \t", "\ufeff"]) {
        expect((await rigOf(new TextEncoder().encode(before + json()), type).page("demo")).status).toBe(200);
      }
    },
  );

  test.each(["application/octet-stream", "text/plain", "text/html", null])(
    "and the root listing is as well: %s",
    async (type) => {
      const rig = new Rig();
      const bytes = new TextEncoder().encode('\n{"meta":{"api-version":"1.0"},"projects":[{"name":"demo"}]}');
      rig.upstream.on(FakeUpstream.INDEX, () => answered(bytes, type));
      const { status, text } = await rig.get("/simple/", { Accept: JSON_TYPE });
      expect([status, status === 200 && JSON.parse(text())]).toMatchObject([200, { projects: [{ name: "demo" }] }]);
    },
  );

  test.each(["2.0", "2", 2, "10.1"])("of version %j is a failure", async (version) => {
    const page = await rigOf(json({}, { meta: { "api-version": version } }), JSON_TYPE).page("demo");
    expect([page.status, page.text()]).toEqual([503, expect.stringContaining(`has version ${version}`)]);
  });

  test.each(["1.9", "1", "0.1", 1, "", "next", null])("of version %j is read", async (version) => {
    expect((await rigOf(json({}, { meta: { "api-version": version } }), JSON_TYPE).page("demo")).status).toBe(200);
  });

  test("whose every entry is unreadable is a failure, not a project without files", async () => {
    expect((await rigOf(json({ filename: 1 }), JSON_TYPE).page("demo")).status).toBe(503);
  });

  test("may have its keys in any order, and brackets and quotes in its text", async () => {
    const text = String.raw`{"versions":["1.0"],"x":{"files":[1]},"files" : [ {"filename":"a\"],\\","url":"x"}, {"y":"\\\\","filename":"demo-1.0.zip","url":"demo-1.0.zip","hashes":{}} ],"meta":{},"name":"demo"}`;
    expect((await file(rigOf(text, JSON_TYPE)))?.["filename"]).toBe("demo-1.0.zip");
  });

  test.each([
    ["files twice", '{"meta":{},"name":"demo","files":[{}],"files":[]}'],
    ["files spelled with an escape", String.raw`{"meta":{},"name":"demo","f\u0069les":[{}]}`],
    ["no files", '{"meta":{},"name":"demo"}'],
    ["files that do not end", '{"meta":{},"name":"demo","files":[{}'],
    ["a string that does not end", '{"meta":{},"name":"demo","files":[{"x":"'],
    ["files that are none", '{"meta":{},"name":"demo","files":[}]}'],
  ])("with %s is a failure", async (_what, text) => {
    expect((await rigOf(text, JSON_TYPE).page("demo")).status).toBe(503);
  });
});

describe("a page in HTML", () => {
  test("of version 2 is a failure, and so is the root listing", async () => {
    const meta = '<meta name="pypi:repository-version" content="2.0">';
    const rig = rigOf(`${meta}<a href="demo-1.0.zip">demo-1.0.zip</a>`);
    rig.upstream.on(FakeUpstream.INDEX, () => answered(`${meta}<a href="demo/">demo</a>`));
    expect([(await rig.page("demo")).status, (await rig.get("/simple/")).status]).toEqual([503, 503]);
  });

  const latin1 = Uint8Array.from("<a href='demo-1.0.zip' data-yanked='pass\u00e9'>x</a>", (c) => c.charCodeAt(0));
  const metaLatin1 = Uint8Array.from(
    "<meta charset=iso-8859-1><a href='demo-1.0.zip' data-yanked='pass\u00e9'>x</a>",
    (c) => c.charCodeAt(0),
  );
  const utf16 = (text: string) =>
    new Uint8Array(Uint16Array.from(`\ufeff${text}`, (character) => character.charCodeAt(0)).buffer);
  test.each([
    ["in its type", latin1, "text/html; charset=ISO-8859-1"],
    ["in its type, in quotes", latin1, 'text/html;charset="latin1"'],
    ["in a meta", metaLatin1, "text/html"],
    ["by its mark", utf16("<a href='demo-1.0.zip' data-yanked='passé'>x</a>"), "text/html"],
    ["that is unknown, as UTF-8", "<a href='demo-1.0.zip' data-yanked='passé'>x</a>", "text/html; charset=x-none"],
    [
      "wrongly in a meta, and rightly in its type",
      `<meta charset=latin1><a href='demo-1.0.zip' data-yanked='passé'>x</a>`,
      "text/html; charset=utf-8",
    ],
  ])("may say its encoding %s", async (_where, body, type) => {
    expect((await file(rigOf(body, type)))?.["yanked"]).toBe("passé");
  });
});

describe("a file that was yanked without a reason", () => {
  test.each([
    ["in JSON", json({ yanked: "" }), JSON_TYPE],
    ["in JSON, by a reason that cannot be seen", json({ yanked: "\u202e" }), JSON_TYPE],
    ["in HTML", '<a href="demo-1.0.tar.gz" data-yanked="">x</a>', "text/html"],
    ["in HTML, bare", '<a href="demo-1.0.tar.gz" data-yanked>x</a>', "text/html"],
  ])("%s is yanked in both", async (_where, body, type) => {
    const rig = rigOf(body, type);
    expect((await file(rig))?.["yanked"]).toBe(true);
    expect((await rig.get("/simple/demo/", { Accept: "text/html" })).text()).toContain('data-yanked=""');
  });
});

describe("what cannot be seen in an upstream's text", () => {
  const hostile = ["\u001b[31m", "\u0000", "\u0085", "\u202e", "\u2066", "\u200f", "\u2028", "\ufeff", "\ud800"];

  test.each(hostile)("(%j) makes a name none", async (character) => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [SDIST]);
    const name = `demo-2.0${character}.tar.gz`;
    const good = JSON.parse(json()) as { files: object[] };
    const bad = { filename: name, url: `/p/${encodeURIComponent(name.toWellFormed())}`, hashes: {} };
    rig.upstream.on(PAGE, () => answered(JSON.stringify({ ...good, files: [...good.files, bad] }), JSON_TYPE));
    expect((await rig.page("demo")).json?.files.map(({ filename }) => filename)).toEqual([SDIST.filename]);
  });

  test.each(hostile)("(%j) is not in reasons, statuses, specifiers or versions", async (character) => {
    const text = `a${character}b`;
    const page = json(
      { yanked: text, "requires-python": `>=3.8${character}` },
      { versions: ["1.0", `2.0${character}`], "project-status": { status: `archived${character}`, reason: text } },
    );
    const rig = rigOf(page, JSON_TYPE);
    const answer = await rig.page("demo");
    expect([answer.status, answer.json?.versions]).toEqual([200, ["1.0"]]);
    const html = (await rig.get("/simple/demo/", { Accept: "text/html" })).text();
    for (const shown of [JSON.stringify(answer.json), html]) {
      expect(shown.replaceAll("\n", "").match(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\ufeff]|\\u/u)).toBeNull();
    }
  });

  test.each([
    ["one line\r\nand another", "one line and another"],
    ["\u001b[31mred\u001b[0m", "[31mred [0m"],
    ["safe \u202eesrever\u202c", "safe esrever"],
    ["می\u200cخواهم 👩\u200d💻", "می\u200cخواهم 👩\u200d💻"],
    ["half \ud83d", "half \ufffd"],
  ])("is made a blank or taken out of %j, and the rest stays", async (reason, shown) => {
    expect((await file(rigOf(json({ yanked: reason }), JSON_TYPE)))?.["yanked"]).toBe(shown);
  });

  test("is not in the sentence about another project's page", async () => {
    const { text } = await rigOf(json({}, { name: "o\u202ether\u009b" }), JSON_TYPE).page("demo");
    expect(text()).toContain("the page of");
    expect(text()).not.toMatch(/[\u202e\u009b]/);
  });
});
