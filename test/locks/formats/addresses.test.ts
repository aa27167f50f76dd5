import { describe, expect, test, vi } from "vitest";
import type { Filename } from "../../../worker/pypi/filename.ts";
import { foreignTo } from "../../../worker/locks/formats/addresses.ts";

const upstream = (url: string, files = new URL("/", url).href) => ({ url: new URL(url), files: new URL(files) });

const foreign = foreignTo({
  own: [new URL("https://edge.example/team/simple/"), new URL("http://127.0.0.1:8787/team/simple/")],
  upstreams: [
    upstream("https://pypi.org/simple/", "https://files.pythonhosted.org/"),
    upstream("http://10.0.0.1:9240/a%20b/simple/"),
    upstream("https://xn--bcher-kva.example/simple/"),
    upstream("https://wheels.example/links.html"),
  ],
});

const isHere = (index: string) => foreign([index], []) === undefined;

describe("is this index:", () => {
  test.each([
    "https://pypi.org/simple",
    "https://pypi.org/simple/",
    "https://pypi.org:443/simple/",
    "https://PyPI.ORG/simple",
    "HTTPS://pypi.org/%73imple",
    "https://me:secret@pypi.org/simple",
    "https://__token__@pypi.org/simple/",
    "https://pypi.org/legacy/../simple",
    "http://10.0.0.1:9240/a%20b/simple",
    "http://10.0.0.1:9240/%61%20b/simple",
    "https://xn--bcher-kva.example/simple",
    "https://bücher.example/simple",
    "https://wheels.example/links.html",
    // Our own addresses, by another scheme or another name of this machine.
    "https://edge.example/team/simple",
    "http://edge.example/team/simple/",
    "https://me:secret@EDGE.example/team/simple/",
    "http://localhost:8787/team/simple",
    "http://[::1]:8787/team/simple/",
  ])("%s", (index) => expect(isHere(index)).toBe(true));
});

describe("is another index:", () => {
  test.each([
    "https://pkgs.corp.example/simple",
    // What merely begins like one of ours.
    "https://pypi.org.evil.example/simple",
    "https://pypi.org./simple",
    "https://pypi.orgs/simple",
    "https://pypi.org/simple-corp",
    "https://pypi.org/simple/corp",
    "https://pypi.org/simple//",
    "https://pypi.org//simple",
    "https://pypi.org/simple/../../corp/simple",
    "https://edge.example/team/simple.evil",
    "https://edge.example.evil.example/team/simple",
    // User and password that look like a host.
    "https://pypi.org@evil.example/simple",
    "https://pypi.org:443@evil.example/simple",
    "https://pypi.org%2Fsimple@evil.example/simple",
    "https://evil.example#@pypi.org/simple",
    "https://evil.example?@pypi.org/simple",
    "https://evil.example/@pypi.org/simple",
    // Clients differ in which of the two is the host.
    "https://evil.example\\@pypi.org/simple",
    "https://pypi.org\\@evil.example/simple",
    "https:\\\\pypi.org\\simple",
    "https:pypi.org/simple",
    "https:///pypi.org/simple",
    "https://py\tpi.org/simple",
    "https://pypi.org/sim\nple",
    "https://pypi.org/simple\u0001",
    " https://pypi.org/simple",
    // Hosts in disguise: a Cyrillic letter, full-width letters and stops, a soft hyphen, escapes.
    "https://рypi.org/simple",
    "https://ｐｙｐｉ.org/simple",
    "https://pypi。org/simple",
    "https://py\u00adpi.org/simple",
    "https://%70ypi.org/simple",
    "https://xn--ypi-9cd.org/simple",
    "https://pypi.org／simple",
    // Paths in which case counts.
    "https://pypi.org/Simple",
    "https://pypi.org/simple%2F",
    "https://pypi.org/%2573imple",
    "https://pypi.org/%E0%A4%A/simple",
    "https://pypi.org/simple?index=corp",
    "https://pypi.org/simple#corp",
    // Other schemes and ports are other servers.
    "http://pypi.org/simple",
    "https://pypi.org:8443/simple",
    "http://10.0.0.1/a%20b/simple",
    "http://localhost:9999/team/simple",
    "https://localhost:8787/team/simple",
    "ftp://pypi.org/simple",
    "file:///simple",
    // Another index of ours.
    "https://edge.example/simple",
    "https://edge.example/other/simple",
    "https://edge.example/team/",
    // What is no address.
    "pypi",
    "${INDEX}",
    "--no-index",
    "../simple",
    "",
    "https://",
    "__proto__",
  ])("%j", (index) => expect(isHere(index)).toBe(false));
});

test("a package may come from any of the indexes that are named for it: each must be this one", () => {
  expect(foreign([], [])).toBeUndefined();
  expect(foreign(["https://pypi.org/simple", "https://edge.example/team/simple"], [])).toBeUndefined();
  expect(foreign(["https://pypi.org/simple", "https://corp.example/simple"], [])).toBe("https://corp.example/simple");
});

test("thousands of packages of one index cost one look at its text, which may be long", () => {
  const index = "https://pypi.org/simple/%41";
  const parse = vi.spyOn(URL, "parse");
  for (let nth = 0; nth < 5_000; nth++) expect(foreign([index], [])).toBe(index);
  expect(parse).toHaveBeenCalledTimes(1);
  parse.mockRestore();
});

describe("an address of ours that is not known is proven by its files:", () => {
  const file = (url: string | undefined) => ({ filename: "x-1.0.zip" as Filename, url, digests: [], line: 1 });
  const proven = (index: string, ...urls: (string | undefined)[]) => foreign([index], urls.map(file)) === undefined;

  test.each([
    ["https://other.example/simple", "https://other.example/files/files.pythonhosted.org/packages/x-1.0.zip"],
    ["https://other.example/a/b/simple/", "https://other.example/a/b/files/pypi.org/x-1.0.zip"],
    ["http://localhost:1/simple", "http://localhost:1/files/10.0.0.1%3A9240/x-1.0.zip"],
    ["http://localhost:1/simple", "http://localhost:1/files/10.0.0.1:9240/x-1.0.zip"],
  ])("%s with %s", (index, url) => expect(proven(index, url)).toBe(true));

  test.each([
    // No file, one without an address, and one elsewhere.
    ["https://other.example/simple"],
    ["https://other.example/simple", undefined],
    ["https://other.example/simple", "https://files.pythonhosted.org/packages/x-1.0.zip"],
    // Hosted there: that may be a private package of another's.
    ["https://other.example/simple", "https://other.example/files/-/00ff/x-1.0.zip"],
    ["https://other.example/simple", "https://other.example/files/corp.example/x-1.0.zip"],
    ["https://other.example/simple", "https://other.example/files/files.pythonhosted.org.evil.example/x-1.0.zip"],
    ["https://other.example/simple", "https://evil.example/files/files.pythonhosted.org/x-1.0.zip"],
    ["https://other.example/simple", "https://other.example/b/files/files.pythonhosted.org/x-1.0.zip"],
    ["https://other.example/simple", "https://other.example/nofiles/files.pythonhosted.org/x-1.0.zip"],
    ["https://other.example/pypi", "https://other.example/files/files.pythonhosted.org/x-1.0.zip"],
    [
      "https://other.example/simple",
      "https://other.example/files/files.pythonhosted.org/x-1.0.zip",
      "https://other.example/files/-/00ff/x-1.0.zip",
    ],
  ])("not %s with %s", (index, ...urls) => expect(proven(index, ...urls)).toBe(false));
});
