import { describe, expect, test } from "vitest";
import { inspect } from "../../worker/publishing/inspect/inspect.ts";
import type { TarEntry } from "../support/archive.ts";
import { publishableSdist, sdistEntries, stagedOf } from "../support/release.ts";
import { refusal, SDIST } from "./support.ts";

const symlink = (path: string, target: string): TarEntry => ({ path: `demo-1.0/${path}`, type: "2", target });
const hard = (path: string, target: string): TarEntry => ({ path: `demo-1.0/${path}`, type: "1", target });
const sdist = (...links: readonly TarEntry[]) => publishableSdist([...sdistEntries(), ...links]);

describe("a link that stays within the sdist is taken", () => {
  test.each<[string, readonly TarEntry[]]>([
    ["beside it", [symlink("a", "./demo.py")]],
    ["beside it, said twice", [symlink("a", "././demo.py")]],
    ["above it", [symlink("docs/a", "../demo.py")]],
    ["above it, with a dot", [symlink("docs/a", "./../demo.py")]],
    ["above it, with a dot between", [symlink("a/b/c", ".././../demo.py")]],
    ["down and up again", [symlink("a", "docs/../demo.py")]],
    ["down and up several times", [symlink("x/a", "b/c/../../../y/../demo.py")]],
    ["with two slashes", [symlink("a", "docs//index.md")]],
    ["a directory, with a slash at its end", [symlink("a", "docs/")]],
    ["the directory that it is in", [symlink("docs/a", ".")]],
    ["the top", [symlink("docs/a", "..")]],
    ["down through another link", [symlink("l", "docs"), symlink("a", "l/index.md")]],
    ["a hard link", [hard("a", "./demo-1.0/demo.py")]],
    ["a hard link, down and up again", [hard("a", "demo-1.0/docs/../demo.py")]],
  ])("%s", async (_what, links) => {
    expect((await inspect(SDIST, stagedOf(await sdist(...links)))).project).toBe("demo");
  });
});

test.each([symlink("a/", "docs"), hard("a/", "demo-1.0/demo.py")])(
  "a link that is whose name ends like a directory's is refused, below which nothing else could be found",
  async (link) => {
    const below: TarEntry = { path: "demo-1.0/a/b.py", content: "" };
    expect(await refusal(SDIST, await sdist(link, below))).toContain("whose name ends like a directory's");
  },
);

describe("a link that leaves the sdist, or may, is refused", () => {
  test.each<[string, readonly TarEntry[]]>([
    ["the directory around it", [symlink("a", "..")]],
    ["the directory around it, with a slash", [symlink("a", "../")]],
    ["another sdist's", [symlink("a", "../other-1.0/x")]],
    // pip unpacks the top directory under another name.
    ["out of the top directory and back", [symlink("a", "../demo-1.0/demo.py")]],
    ["by way of dots", [symlink("d/a", "./.././../x")]],
    ["down and further up", [symlink("a", "b/../../x")]],
    ["an absolute path", [symlink("a", "/etc/passwd")]],
    ["an absolute path with two slashes", [symlink("a", "//etc/passwd")]],
    ["nothing", [symlink("a", "")]],
    ["a drive", [symlink("a", "C:/x")]],
    ["a path of Windows", [symlink("a", "..\\x")]],
    ["a path of Windows on the way", [symlink("a", "b\\c/../demo.py")]],
    // On the way it goes through another link, which leads further up than it reads: demo-1.0/../x.
    ["up from another link", [symlink("p/q/up", "../.."), symlink("p/q/a", "up/../x")]],
    ["up from another link that comes later", [symlink("p/q/a", "up/../x"), symlink("p/q/up", "../..")]],
    ["up from below another link", [symlink("p/q/up", "../.."), symlink("p/q/a", "up/p/../../../x")]],
    ["up from another link by another case of its name", [symlink("p/q/up", "../.."), symlink("p/q/a", "UP/../x")]],
    ["a hard link out of the top directory and back", [hard("a", "demo-1.0/../demo-1.0/demo.py")]],
    ["a hard link to above", [hard("a", "../demo.py")]],
    ["a hard link to a directory", [hard("a", "demo-1.0")]],
    ["a hard link to a link", [symlink("l", "demo.py"), hard("a", "demo-1.0/l")]],
    ["a hard link that goes up from a link", [symlink("l", "docs"), hard("a", "demo-1.0/l/../demo.py")]],
  ])("%s", async (_what, links) => {
    expect(await refusal(SDIST, await sdist(...links))).toMatch(
      /has the link .*, (?:outside the project.s folder|through another link|which is no file that)/,
    );
  });

  test("however many go up and down, in a moment", async () => {
    const target = "a/../".repeat(19);
    const links = Array.from({ length: 20_000 }, (_, at) => symlink(`l${at}`, target));
    expect((await inspect(SDIST, stagedOf(await sdist(...links)))).project).toBe("demo");
  });
});
