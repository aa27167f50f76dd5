import { describe, expect, test } from "vitest";
import { readLock } from "../../../worker/locks/formats/read.ts";
import { rootOf, type Address } from "../../../worker/locks/mapping/address.ts";
import { planListed } from "../../../worker/locks/mapping/listed.ts";
import type { Filename } from "../../../worker/pypi/filename.ts";
import { localUrl } from "../../../worker/pypi/file-url.ts";
import type { ProjectName } from "../../../worker/pypi/name.ts";
import type { FileEntry } from "../../../worker/pypi/page.ts";
import { mappable } from "./support.ts";

const HERE = "http://10.0.0.7:8787";
const [ONE, OTHER] = ["1".repeat(64), "2".repeat(64)];
const WHEEL = "six-1.0-py3-none-any.whl";
const SDIST = "six-1.0.tar.gz";

const entry = (filename: string, sha256: string): FileEntry => {
  const name = filename as Filename;
  const located = localUrl(new URL(`${HERE}/files/carried.offline.invalid/six/${sha256}/${filename}`), name);
  if (!located) throw new Error("no URL");
  return { filename: name, ...located, hashes: { sha256 } };
};

const uvLock = (files = [WHEEL, SDIST], registry = "https://near.example/team/simple") =>
  `version = 1
requires-python = ">=3.9"

[[package]]
name = "six"
version = "1.0"
source = { registry = "${registry}" }
dependencies = [{ name = "seven", version = "1", source = { registry = "${registry}" } }]
wheels = [
${files.map((name) => `    { url = "https://near.example/team/files/files.pythonhosted.org/packages/aa/${name}", hash = "sha256:${ONE}", size = 3 },\n`).join("")}]
`;

/** A lock mapped to an index that lists these files of six. */
function mapped(text: string, listed: readonly FileEntry[] | undefined, name = "uv.lock") {
  const lock = readLock(name, new TextEncoder().encode(text));
  const files = new Map<ProjectName, readonly FileEntry[]>(listed ? [["six" as ProjectName, listed]] : []);
  return planListed(mappable(name, text), { root: rootOf(`${HERE}/simple/`) as Address, lock, listed: files });
}

describe("a lock that is mapped by digests", () => {
  test("names this index, and each file where it is here", () => {
    const { text, summary } = mapped(uvLock([WHEEL]), [entry(WHEEL, ONE)]);
    const expected = uvLock([WHEEL], `${HERE}/simple`).replace(
      `https://near.example/team/files/files.pythonhosted.org/packages/aa/${WHEEL}`,
      `${HERE}/files/carried.offline.invalid/six/${ONE}/${WHEEL}`,
    );
    expect(text).toBe(expected);
    expect(summary).toBe(`uv.lock: 3 URLs mapped to those of ${HERE}.`);
  });

  test("keeps the URL of a file that is not here, where another of its package is", () => {
    const { text, summary } = mapped(uvLock(), [entry(WHEEL, ONE)]);
    expect(text).toContain(`packages/aa/${SDIST}`);
    expect(text).toContain(`/six/${ONE}/${WHEEL}`);
    expect(summary).toBe(`uv.lock: 3 URLs mapped to those of ${HERE}; 1 file that it does not have stay as they are.`);
  });

  test.each([
    ["that is not here", undefined, `${HERE} has no file of six 1.0.`],
    ["of another version", [entry("six-2.0.tar.gz", ONE)], `${HERE} has no file of six 1.0.`],
    ["that is another one here", [entry(WHEEL, OTHER)], `${HERE} has another file by this name.`],
  ])("is refused for a package %s", (_of, listed, why) => {
    expect(() => mapped(uvLock([WHEEL]), listed)).toThrow(why);
  });

  test("is refused where it has no digest to compare", () => {
    const text = uvLock([WHEEL]).replace(`, hash = "sha256:${ONE}"`, "");
    expect(() => mapped(text, [entry(WHEEL, ONE)])).toThrow(`the lock has no digest of it that ${HERE} has, too.`);
  });

  test("is refused with credentials in it", () => {
    const text = uvLock([WHEEL], "https://__token__:secret@near.example/team/simple");
    expect(() => mapped(text, [entry(WHEEL, ONE)])).toThrow(/it carries credentials/);
  });

  test("of requirements has this index in the place of another", () => {
    const text = (index: string) => `--index-url ${index}\nsix==1.0 --hash=sha256:${ONE}\n`;
    const { text: done } = mapped(
      text("https://near.example/root/pypi/+simple/"),
      [entry(WHEEL, ONE)],
      "requirements.txt",
    );
    expect(done).toBe(text(`${HERE}/simple/`));
  });
});
