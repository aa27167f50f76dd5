import { describe, expect, test } from "vitest";
import { filePath, Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

const PAGE = `${FakeUpstream.INDEX}demo/`;
const NAME = "demo-1.0.tar.gz";
const BYTES = new TextEncoder().encode("an sdist");
const SHA = "ab".repeat(32);

/** By Python's hashlib. */
const own: Readonly<Record<string, string>> = {
  md5: "795b2c47319cb03ca856d35f3dd3cf53",
  sha1: "f7478b8f615d90fb7f038e9d07e46aea373ce499",
  sha224: "d51fee77740bc234e5a6f3dd4d8b3588e1cfca69395b347a92a69169",
  sha256: "95cd0724dde50450781624283eab9a65260e994122e53e7523cf5c081920341f",
  sha384: "9efd160c30e85ead4424b6025e920db42a3c07cb605f9f48149ea1102056ec8f2c281524356ff2abf8f13328ad417c02",
  sha512:
    "067e18d723aaf0e22152c2aa5e4f02852cf761e8523c9ae7cf092ce787bb390981f3e12fc90a6a3d6f05ce21ad743255fe33b58574fbc5c300e4e92d921382d1",
};
const DIGESTS = Object.keys(own);

/** A worker over an upstream with one file whose link has this fragment and these further attributes. */
function inHtml(fragment: string, attributes = "", filename = NAME): Rig {
  const rig = new Rig();
  const link = `<a href="${FakeUpstream.FILES}${filename}#${fragment}" ${attributes}>${filename}</a>`;
  rig.upstream.on(PAGE, () => new Response(link, { headers: { "Content-Type": "text/html" } }));
  return rig;
}

/** The same in JSON. */
function inJson(entry: Record<string, unknown>, fragment = ""): Rig {
  const rig = new Rig();
  const file = { filename: NAME, url: `${FakeUpstream.FILES}${NAME}${fragment}`, ...entry };
  rig.upstream.on(PAGE, () => Response.json({ meta: { "api-version": "1.0" }, name: "demo", files: [file] }));
  return rig;
}

const hashesOf = async (rig: Rig) => (await rig.page("demo")).json?.files[0]?.["hashes"];

describe("digests in a fragment", () => {
  test.each([
    ["before another part", `sha256=${SHA}&amp;egg=demo-1.0`, { sha256: SHA }],
    ["behind another part", `egg=demo-1.0&amp;sha256=${SHA}`, { sha256: SHA }],
    ["before a subdirectory", `sha256=${SHA}&subdirectory=x`, { sha256: SHA }],
    ["of two algorithms", `md5=${own["md5"]}&amp;sha256=${SHA}`, { md5: own["md5"], sha256: SHA }],
    ["with their name in capitals", `SHA256=${SHA.toUpperCase()}`, { sha256: SHA }],
    ["twice the same", `sha256=${SHA}&sha256=${SHA}`, { sha256: SHA }],
    ["of an algorithm that only some clients know", `blake2b=${SHA}`, { blake2b: SHA }],
    ["of an unknown algorithm", "crc32=00", {}],
    ["malformed, with a secure one beside it", `sha512=ab&sha256=${SHA}`, { sha256: SHA }],
  ])("%s are not lost", async (_how, fragment, hashes) => {
    expect(await hashesOf(inHtml(fragment))).toEqual(hashes);
  });

  test.each([
    ["alone", { hashes: {} }, `#sha256=${SHA}`, { sha256: SHA }],
    ["where it has no hashes", {}, `#egg=x&sha256=${SHA}`, { sha256: SHA }],
    ["beside others", { hashes: { md5: own["md5"] } }, `#sha256=${SHA}`, { md5: own["md5"], sha256: SHA }],
  ])("are those of a file in JSON, %s", async (_how, entry, fragment, hashes) => {
    expect(await hashesOf(inJson(entry, fragment))).toEqual(hashes);
  });

  test.each([
    ["too short", "sha256=abcd"],
    ["no hex", `sha256=${"x".repeat(64)}`],
    ["empty", "sha256="],
    ["without a value", "sha256"],
    ["two that differ", `sha256=${SHA}&sha256=${"cd".repeat(32)}`],
    ["cut off by another sign", `sha256=${SHA};egg=x`],
    ["with a second equals sign", `sha256=${SHA}=`],
    ["malformed beside one that can be forged", `sha256=ab&md5=${own["md5"]}`],
    ["too many", Array.from({ length: 33 }, () => `sha256=${SHA}`).join("&")],
  ])("that are wrong (%s) make the file unusable, never unchecked", async (_how, fragment) => {
    const rig = inHtml(fragment);
    rig.upstream.on(FakeUpstream.FILES + NAME, () => new Response(BYTES));
    expect((await rig.page("demo")).status).toBe(503);
    expect((await rig.get(filePath(NAME))).status).not.toBe(200);
  });
});

describe("digests in JSON", () => {
  test.each([
    ["are none, where they are null", { sha256: null }, {}],
    ["have names in any case", { SHA256: SHA.toUpperCase() }, { sha256: SHA }],
    ["leave out what uv would refuse the page for", { sha256: SHA, blake2b: "ab".repeat(64) }, { sha256: SHA }],
    ["hand on what is not verified here", { sha3_256: SHA }, { sha3_256: SHA }],
  ])("%s", async (_how, hashes, expected) => {
    expect(await hashesOf(inJson({ hashes }))).toEqual(expected);
  });

  test.each([[{ sha256: "" }], [{ sha1: 5 }], [{ sha224: SHA }], [SHA], [[SHA]]])(
    "that are wrong (%j) make the file unusable",
    async (hashes) => {
      expect((await inJson({ hashes }).page("demo")).status).toBe(503);
    },
  );

  test("that contradict the fragment make the file unusable", async () => {
    expect((await inJson({ hashes: { sha256: SHA } }, `#sha256=${"cd".repeat(32)}`).page("demo")).status).toBe(503);
  });

  test("that are wrong cost their own file alone", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [
      { filename: NAME, bytes: BYTES },
      { filename: "demo-2.0.tar.gz", bytes: BYTES, entry: { hashes: { sha256: "x" } } },
    ]);
    expect((await rig.page("demo")).json?.files.map(({ filename }) => filename)).toEqual([NAME]);
  });
});

describe.each(DIGESTS)("a file with a %s alone", (algorithm) => {
  test("is given and kept where it fits, and neither where it does not", async () => {
    const rig = inHtml(`${algorithm}=${own[algorithm]}`);
    rig.upstream.on(FakeUpstream.FILES + NAME, () => new Response(BYTES));
    const { status, body } = await rig.get(filePath(NAME));
    expect([status, body]).toEqual([200, BYTES]);
    rig.upstream.down = true;
    rig.restart();
    expect((await rig.get(filePath(NAME))).body).toEqual(BYTES);
  });

  test("is broken off and not kept where it does not fit", async () => {
    const rig = inHtml(`${algorithm}=${own[algorithm]}`);
    rig.upstream.on(FakeUpstream.FILES + NAME, () => new Response(new TextEncoder().encode("another1")));
    const { response, settled } = await rig.open(filePath(NAME));
    await expect(response.arrayBuffer()).rejects.toThrow(/./);
    await settled();
    rig.upstream.down = true;
    expect((await rig.get(filePath(NAME))).status).toBe(503);
  });

  test("has it in HTML only where uv can read it", async () => {
    const rig = inHtml(`${algorithm}=${own[algorithm]}`);
    const page = (await rig.get("/simple/demo/", { Accept: "text/html" })).text();
    expect(page.includes(`${algorithm}=`)).toBe(!["sha1", "sha224"].includes(algorithm));
    expect(await hashesOf(rig)).toEqual({ [algorithm]: own[algorithm] });
  });
});

test("of several digests, HTML has the strongest that uv can read", async () => {
  const rig = inHtml(`sha1=${own["sha1"]}&md5=${own["md5"]}`);
  expect((await rig.get("/simple/demo/", { Accept: "text/html" })).text()).toContain(`#md5=${own["md5"]}"`);
});

describe("a digest of metadata", () => {
  const WHEEL = "demo-1.0-py3-none-any.whl";
  const advertised = async (value: string) => {
    const rig = inHtml(`sha256=${SHA}`, `data-core-metadata="${value}"`, WHEEL);
    // A second wheel that advertises it: else it would be added to all.
    const link = `<a href="/demo-2.0-py3-none-any.whl#sha256=${SHA}" data-core-metadata="true">demo-2.0-py3-none-any.whl</a>`;
    const first = await (await rig.upstream.get(PAGE)).text();
    rig.upstream.on(PAGE, () => new Response(first + link, { headers: { "Content-Type": "text/html" } }));
    const { json } = await rig.page("demo");
    const html = (await rig.get("/simple/demo/", { Accept: "text/html" })).text();
    return [
      json?.files[0]?.["core-metadata"],
      / data-core-metadata="([^"]*)"/.exec(html.split("\n").at(-5) ?? "")?.[1],
    ];
  };

  test.each([
    ["true", [true, "true"]],
    [`sha256=${SHA}`, [{ sha256: SHA }, `sha256=${SHA}`]],
    [`sha1=${own["sha1"]}`, [{ sha1: own["sha1"] }, "true"]],
    ["false", [undefined, undefined]],
    ["", [undefined, undefined]],
    ["sha256=abcd", [undefined, undefined]],
    [`sha256=${SHA}&amp;sha256=${"cd".repeat(32)}`, [undefined, undefined]],
  ])("(%j) that is malformed is not advertised, and others are", async (value, expected) => {
    expect(await advertised(value)).toEqual(expected);
  });
});
