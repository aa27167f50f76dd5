import { describe, expect, test } from "vitest";
import { rootOf, type Address } from "../../../worker/locks/mapping/address.ts";
import { planCanonical } from "../../../worker/locks/mapping/canonical.ts";
import { planLocal } from "../../../worker/locks/mapping/local.ts";
import { mappable } from "./support.ts";

const EDGE = "http://127.0.0.1:8787";
const PYPI = "https://pypi.org/simple";

function address(text: string): Address {
  const { origin, pathname } = new URL(text);
  return { origin, path: pathname.replace(/\/$/, "") };
}

/** A uv.lock with a package of that index and one wheel. */
const uvLock = (index: string, url: string) =>
  `[[package]]\nsource = { registry = "${index}" }\nwheels = [\n    { url = "${url}" },\n]\n`;

/** A pylock.toml as pip writes it: without an index. */
const pylock = (url: string) => `[[packages]]\n[[packages.wheels]]\nurl = "${url}"\n`;

const file = mappable;

const canonical = (name: string, text: string, { upstream = PYPI, urls = [] as string[] } = {}) =>
  planCanonical(file(name, text), {
    upstreams: [{ index: address(upstream) }],
    roots: urls.flatMap((url) => rootOf(url) ?? []),
  }).text;

const local = (name: string, text: string, upstream = PYPI) =>
  planLocal(file(name, text), { upstreams: [{ index: address(upstream) }], root: address(EDGE) });

describe("a file's URL at the upstream", () => {
  test.each([
    ["files.pythonhosted.org/packages/aa/x-1.0.tar.gz", "https://files.pythonhosted.org/packages/aa/x-1.0.tar.gz"],
    ["host.example:8443/a/x-1.0.zip", "https://host.example:8443/a/x-1.0.zip"],
    ["host.example/x-1.0%2Bcpu-py3-none-any.whl", "https://host.example/x-1.0%2Bcpu-py3-none-any.whl"],
    ["host.example/x-1.0+cpu-py3-none-any.whl", "https://host.example/x-1.0+cpu-py3-none-any.whl"],
    ["host.example/~user/x-1.0.zip", "https://host.example/~user/x-1.0.zip"],
    ["host.example/a/~P3Y9MQ/x-1.0.zip", "https://host.example/a/x-1.0.zip?v=1"],
    ["host.example/x-1.0.zip#sha256=00", "https://host.example/x-1.0.zip#sha256=00"],
    ["127.0.0.1:9000/x-1.0.zip", "http://127.0.0.1:9000/x-1.0.zip"],
    ["192.168.1.5/x-1.0.zip", "http://192.168.1.5/x-1.0.zip"],
    ["[::1]:9000/x-1.0.zip", "http://[::1]:9000/x-1.0.zip"],
  ])("%s is %s, and back", (ours, upstream) => {
    const index = `https://${new URL(upstream).host}/simple`;
    const options = { upstream: upstream.startsWith("http:") ? index.replace("https:", "http:") : index };
    expect(canonical("pylock.toml", pylock(`${EDGE}/files/${ours}`), options)).toBe(pylock(upstream));
    expect(local("pylock.toml", pylock(upstream), options.upstream).text).toBe(pylock(`${EDGE}/files/${ours}`));
  });

  test("is https on a private host where the upstream there is", () => {
    const text = pylock(`${EDGE}/files/10.0.0.5/x-1.0.zip`);
    const upstream = "https://10.0.0.5/simple";
    expect(canonical("pylock.toml", text, { upstream })).toBe(pylock("https://10.0.0.5/x-1.0.zip"));
  });

  test("is found where pip has escaped the port's colon", () => {
    const text = pylock(`${EDGE}/files/host.example%3A8443/x-1.0.zip`);
    expect(canonical("pylock.toml", text)).toBe(pylock("https://host.example:8443/x-1.0.zip"));
  });
});

describe("canonical refuses, and says why,", () => {
  test.each([
    ["pypi-edge's own file", "/files/-/00ff/x-1.0.zip", "no upstream has it"],
    ["a link that did not end in the filename", "/files/h.example/~P2Y9MQ/get/x-1.0.zip", "does not end in the"],
    ["a query", "/files/h.example/x-1.0.zip?a=1", "no query"],
    ["an encoded slash", "/files/h.example/a%2Fb/x-1.0.zip", "not a file's address"],
    ["dots", "/files/h.example/../x-1.0.zip", "not a file's address"],
    ["no host", "/files/x-1.0.zip", "not a file's address"],
    ["metadata", "/files/h.example/x-1.0.zip.metadata", "metadata"],
    ["the alias of the file host", "/packages/aa/x-1.0.zip", "neither"],
    ["another index of the same pypi-edge", "/torch/simple", `name that one, with --url ${EDGE}/torch or index=torch.`],
    [
      "a file of another index of the same pypi-edge",
      "/torch/files/host.example/x-1.0.zip",
      `name that one, with --url ${EDGE}/torch or index=torch.`,
    ],
  ])("%s", (_, tail, why) => {
    expect(() => canonical("pylock.toml", pylock(EDGE + tail))).toThrow(
      new RegExp(`^pylock.toml: http://127.0.0.1:8787/.* cannot be mapped: .*${why}`),
    );
  });

  test("credentials, without showing them", () => {
    const map = () => canonical("requirements.txt", "-i http://me:secret@127.0.0.1:8787/simple\n");
    expect(map).toThrow(/http:\/\/127\.0\.0\.1:8787\/simple cannot be mapped: it carries credentials/);
    expect(map).not.toThrow(/secret/);
  });

  test("files that PyPI does not have under an index that would become PyPI's", () => {
    const text = uvLock(`${EDGE}/simple`, `${EDGE}/files/files.corp.example/x-1.0.zip`);
    expect(() => canonical("uv.lock", text)).toThrow(/PyPI has no files there/);
    const upstream = "https://files.corp.example/simple";
    expect(canonical("uv.lock", text, { upstream })).toBe(uvLock(upstream, "https://files.corp.example/x-1.0.zip"));
  });

  test("with a few of many lines", () => {
    const many = Array.from({ length: 9 }, (_, nth) => pylock(`${EDGE}/files/-/${nth}/x-1.0.zip`)).join("");
    expect(() => canonical("pylock.toml", many)).toThrow(/(?:.*cannot be mapped.*\n){5}.*and 4 more/);
  });
});

test("canonical tells which address may be pypi-edge's, where that is not proved", () => {
  const suspect = (name: string, text: string) =>
    planCanonical(file(name, text), { upstreams: [{ index: address(PYPI) }], roots: [] }).suspect;
  const elsewhere = pylock("http://10.0.0.1:8787/files/files.pythonhosted.org/a/x-1.0.zip");
  expect(suspect("pylock.toml", elsewhere)).toBe("http://10.0.0.1:8787");
  expect(suspect("dev.in", "-i http://localhost:8080/simple/\n")).toBe("http://localhost:8080");
  const named = uvLock(`https://e.example/torch/simple`, "https://e.example/torch/files/t.example/x-1.0.zip");
  expect(suspect("uv.lock", named)).toBe("https://e.example/torch");
  expect(suspect("uv.lock", uvLock(PYPI, "https://files.pythonhosted.org/a/x-1.0.zip"))).toBeUndefined();
});

describe("canonical leaves alone", () => {
  test.each([
    ["a private index that is called /simple", "requirements.txt", "-i https://pypi.corp.example/simple/\n"],
    ["files of others below /files/", "pylock.toml", pylock("https://example.com/files/x-1.0.zip")],
    ["an address that begins as ours does", "requirements.txt", "-i http://127.0.0.1:87870/other\n"],
    ["what a person wrote in a comment", "uv.lock", `# ${EDGE}/simple\nversion = 1 # see ${EDGE}/files/-/\n`],
    ["a sentence with our address in it", "uv.lock", `summary = "through ${EDGE}/simple it came"\n`],
  ])("%s", (_, name, text) => expect(canonical(name, text)).toBe(text));

  test("all but what --url names, where it is given", () => {
    const text = `-i ${EDGE}/simple\n--extra-index-url http://e.example/simple\n`;
    expect(canonical("dev.in", text, { urls: ["http://e.example/"] })).toBe(
      text.replace("http://e.example/simple", PYPI),
    );
  });
});

describe("local", () => {
  test("leaves files of other indexes alone, and what is no file", () => {
    const other = uvLock("https://download.pytorch.org/whl/cpu", "https://files.pythonhosted.org/a/x-1.0.zip");
    expect(local("uv.lock", other).text).toBe(other);
    const page = uvLock(PYPI, "https://example.com/homepage");
    expect(local("uv.lock", page).text).toContain('url = "https://example.com/homepage"');
  });

  test("maps files wherever they lie, where the file names the upstream as their index", () => {
    const upstream = "https://download.pytorch.org/whl/cpu";
    const text = uvLock(upstream, "https://download-r2.pytorch.org/whl/x-1.0%2Bcpu-py3-none-any.whl");
    expect(local("uv.lock", text, upstream).text).toBe(
      uvLock(`${EDGE}/simple`, `${EDGE}/files/download-r2.pytorch.org/whl/x-1.0%2Bcpu-py3-none-any.whl`),
    );
  });

  test("says which files it left for want of an index", () => {
    expect(local("pylock.toml", pylock("https://h.example/x-1.0.zip")).summary).toMatch(
      /unchanged; files at https:\/\/h\.example stay/,
    );
  });

  test.each([
    ["plain http from a public host", "http://h.example/x-1.0.zip", "back"],
    ["a doubled slash", "https://h.example//x-1.0.zip", "back"],
    ["an encoded slash", "https://h.example/a%2Fb/x-1.0.zip", "no URL for it"],
    ["credentials", "https://me:secret@h.example/x-1.0.zip", "credentials"],
  ])("refuses %s, from which nothing leads back", (_, url, why) => {
    expect(() => local("uv.lock", uvLock(PYPI, url))).toThrow(new RegExp(`cannot be mapped: .*${why}`));
    expect(() => local("uv.lock", uvLock(PYPI, url))).not.toThrow(/secret/);
  });
});
