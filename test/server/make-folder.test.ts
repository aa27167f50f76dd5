import { existsSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { makeFolder } from "../../server/make-folder.ts";

const folder = temporaryDirectory();
afterAll(() => removeDirectory(folder));

describe("a folder", () => {
  test("is made with those above it, with its mode", () => {
    makeFolder(join(folder, "a", "b", "c"), { mode: 0o700 });
    expect(statSync(join(folder, "a", "b")).mode & 0o777).toBe(0o700);
    expect(existsSync(join(folder, "a", "b", "c"))).toBe(true);
  });

  test("that is there stays, and so does one that a link leads to", () => {
    symlinkSync(join(folder, "a"), join(folder, "link"));
    makeFolder(join(folder, "link"));
    makeFolder(join(folder, "link", "more"));
    expect(existsSync(join(folder, "a", "more"))).toBe(true);
    expect(statSync(join(folder, "a")).mode & 0o777).toBe(0o700);
  });

  test("is none where a file has its name, or one above it", () => {
    writeFileSync(join(folder, "file"), "");
    expect(() => makeFolder(join(folder, "file"))).toThrow("EEXIST");
    expect(() => makeFolder(join(folder, "file", "below"))).toThrow("ENOTDIR");
  });

  test.for([[], ["below"], ["below", "that"]])("is none below a link that leads nowhere: %s", (below) => {
    const link = join(folder, `nowhere-${below.length}`);
    symlinkSync(join(folder, "missing"), link);
    expect(() => makeFolder(join(link, ...below))).toThrow(`${link} is a link that leads nowhere`);
  });

  // Node's own call would go on for ever.
  test.runIf(process.platform === "linux").for(["/proc/x", "/proc/x/y", "/proc/self/x"])(
    "is none where the file system takes none: %s",
    (path) => {
      const taker = path.startsWith("/proc/self") ? "/proc/self" : "/proc";
      expect(() => makeFolder(path)).toThrow(`the file system of ${taker} takes no folders`);
    },
  );
});
