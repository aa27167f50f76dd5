import { describe, expect, test } from "vitest";
import { readLock } from "../../../worker/locks/formats/read.ts";
import { hex, refusalOf } from "./support.ts";

const HERE = "https://edge.example/simple";
const CORP = "https://pkgs.corp.example/simple";

/** A lock's names, where only `HERE` is this index: those that are here, those elsewhere, and of these those of other indexes. */
function split(name: string, text: string) {
  const { packages, elsewhere, otherIndexes } = readLock(name, new TextEncoder().encode(text), (indexes) =>
    indexes.find((index) => index !== HERE),
  );
  const others = otherIndexes?.map(({ index, packages: names }) => `${index}: ${names.join(" ")}`);
  return { here: packages.map((each) => each.name), elsewhere, ...(others && { others }) };
}

const pack = (key: string, name: string, ...rest: string[]) =>
  [`[[${key}]]`, `name = "${name}"`, 'version = "1.0"', ...rest, ""].join("\n");

describe("uv.lock", () => {
  const uv = (...packages: string[]) => `version = 1\n\n${packages.join("\n")}`;

  test("of several registries is divided by them, a package that is forked too", () => {
    const text = uv(
      pack("package", "alpha", `source = { registry = "${HERE}" }`),
      pack("package", "corp", `source = { registry = "https://me:secret@pkgs.corp.example/simple" }`),
      pack("package", "torch", `source = { registry = "${CORP}" }`),
      pack("package", "torch", `source = { registry = "${HERE}" }`),
      pack("package", "flat", `source = { registry = "../wheels" }`),
    );
    expect(split("uv.lock", text)).toEqual({
      here: ["alpha", "torch"],
      elsewhere: ["corp", "torch", "flat"],
      others: [`${CORP}: corp torch`],
    });
  });

  test.each(["git", "url", "path", "directory", "editable", "virtual"])("has what has a %s elsewhere", (key) => {
    const text = uv(pack("package", "six", `source = { ${key} = ".", registry = "${HERE}" }`));
    expect(split("uv.lock", text)).toEqual({ here: [], elsewhere: ["six"] });
  });
});

test("pylock.toml names an index for each package, or none", () => {
  const sdist = 'sdist = { name = "x-1.0.zip" }';
  const text = [
    'lock-version = "1.0"',
    pack("packages", "none", sdist),
    pack("packages", "ours", `index = "${HERE}"`, sdist),
    pack("packages", "corp", `index = "${CORP}"`, sdist),
    pack("packages", "file", 'index = "file:///srv/simple"', sdist),
    pack("packages", "tool", `index = "${HERE}"`, 'vcs = { type = "git" }', sdist),
  ].join("\n");
  expect(split("pylock.toml", text)).toEqual({
    here: ["none", "ours"],
    elsewhere: ["corp", "file", "tool"],
    others: [`${CORP}: corp`, "file:///srv/simple: file"],
  });
  expect(refusalOf(() => split("pylock.toml", text.replace(`index = "${CORP}"`, "index = 1")))).toContain(
    "index is 1 and not a text",
  );
});

test("poetry.lock names an index other than PyPI as a source", () => {
  const source = (type: string, url: string) => `\n[package.source]\ntype = "${type}"\nurl = "${url}"\n`;
  const text = [
    pack("package", "none"),
    pack("package", "ours", source("legacy", HERE)),
    pack("package", "corp", source("legacy", CORP)),
    pack("package", "tool", source("git", HERE)),
    pack("package", "wheel", source("url", HERE)),
    pack("package", "here", source("directory", ".")),
    pack("package", "file", source("file", "x.whl")),
    pack("package", "lost", '\n[package.source]\ntype = "legacy"\n'),
    '[metadata]\nlock-version = "2.1"\n',
  ].join("\n");
  expect(split("poetry.lock", text)).toEqual({
    here: ["none", "ours"],
    elsewhere: ["corp", "tool", "wheel", "here", "file", "lost"],
    others: [`${CORP}: corp`],
  });
});

test("pdm.lock names no index, and has what is installed directly elsewhere, whatever version stands beside it", () => {
  const kinds = ["git", "hg", "svn", "bzr", "url", "path"];
  const direct = kinds.map((kind) => pack("package", kind, `${kind} = "."`));
  const text = [pack("package", "six"), ...direct, '[metadata]\nlock_version = "4.5"\n'].join("\n");
  expect(split("pdm.lock", text)).toEqual({ here: ["six"], elsewhere: kinds });
});

describe("Pipfile.lock", () => {
  const PYPI = { name: "pypi", url: HERE };
  const pipfile = (sources: unknown, packages: Record<string, unknown>) =>
    JSON.stringify({ _meta: { "pipfile-spec": 6, sources }, default: packages });

  test("means by an index one of its sources, and by none the first", () => {
    const sources = [PYPI, { name: "corp", url: "https://me:${PASSWORD}@pkgs.corp.example/simple" }];
    const packages = {
      none: { version: "==1.0" },
      ours: { version: "==1.0", index: "pypi" },
      corp: { version: "==1.0", index: "corp" },
      lost: { version: "==1.0", index: "lost" },
      direct: { version: "==1.0", index: CORP },
    };
    expect(split("Pipfile.lock", pipfile(sources, packages))).toEqual({
      here: ["none", "ours"],
      elsewhere: ["corp", "lost", "direct"],
      others: [`${CORP}: corp direct`, "lost: lost"],
    });
    expect(split("Pipfile.lock", pipfile(sources.toReversed(), packages))).toMatchObject({
      here: ["ours"],
      elsewhere: ["none", "corp", "lost", "direct"],
    });
  });

  test("of two sources of one name means either", () => {
    const sources = [PYPI, { name: "pypi", url: CORP }];
    const text = pipfile(sources, { six: { version: "==1.0", index: "pypi" } });
    expect(split("Pipfile.lock", text)).toMatchObject({ here: [], elsewhere: ["six"] });
  });

  test("without sources names no index", () => {
    expect(split("Pipfile.lock", pipfile([], { six: { version: "==1.0" } }))).toEqual({ here: ["six"], elsewhere: [] });
  });

  test("has what is installed directly elsewhere, whatever version stands beside it", () => {
    const kinds = ["git", "hg", "svn", "bzr", "path", "file", "url"];
    const packages = Object.fromEntries(kinds.map((kind) => [kind, { version: "==1.0", [kind]: "x", ref: "0a1b" }]));
    const editable = { editable: { version: "==1.0", editable: true }, six: { version: "==1.0", editable: false } };
    expect(split("Pipfile.lock", pipfile([PYPI], { ...packages, ...editable }))).toEqual({
      here: ["six"],
      elsewhere: [...kinds, "editable"],
    });
  });

  test.each([
    [{}, "sources is a table and not a list"],
    [[1], "a source is 1 and not an object"],
    [[{ name: 1 }], "name is 1 and not a text"],
    [Array.from({ length: 101 }, () => PYPI), "more than 100 indexes"],
  ])("with other sources is refused: %#", (sources, why) => {
    expect(refusalOf(() => split("Pipfile.lock", pipfile(sources, {})))).toContain(why);
  });
});

describe("requirements", () => {
  const requirements = (...lines: string[]) => split("requirements.txt", [...lines, "six==1.0", ""].join("\n"));
  const here = { here: ["six"], elsewhere: [] };
  const corp = { here: [], elsewhere: ["six"], others: [`${CORP}: six`] };

  test.each([
    [[]],
    [[`--index-url ${HERE}`]],
    [[`-i ${HERE}`]],
    [[`-i${HERE}`]],
    [[`-i "${HERE}"`]],
    [[`--index-url='${HERE}'`]],
    [[`--extra-index-url ${HERE}`]],
    // The last one counts.
    [[`--index-url ${CORP}`, `--index-url ${HERE}`]],
    [["--find-links ./wheels", "--only-binary :all:", "--no-binary six", "--trusted-host pkgs.corp.example"]],
    [[`# --index-url ${CORP}`]],
  ])("are of this index with %j", (lines) => expect(requirements(...lines)).toEqual(here));

  test.each([
    [[`--index-url ${CORP}`]],
    [[`--index-url=${CORP}`]],
    [["--index-url https://me:secret@pkgs.corp.example/simple"]],
    [[`-i ${CORP}`]],
    [[`-i${CORP}`]],
    [[`-i=${CORP}`]],
    [[`-i '${CORP}'`]],
    [[`--pypi-url ${CORP}`]],
    [[`--index ${CORP}`]],
    [[`--extra ${CORP}`]],
    [[`--extra-index-url ${CORP}`]],
    [[`--extra-index-url="${CORP}"`]],
    // Which of the two a package is from cannot be told.
    [[`--index-url ${HERE} --extra-index-url ${CORP}`]],
    [[`--index-url ${HERE}`, `--extra-index-url ${HERE}`, "--extra-index-url \\", `  ${CORP}`]],
    [[`--extra-index-url ${CORP}`, `--index-url ${HERE}`]],
    [[`--no-binary :all: --index-url ${CORP}`]],
  ])("are of another index with %j", (lines) => expect(requirements(...lines)).toEqual(corp));

  test("are of it wherever the option stands", () => {
    expect(split("r.txt", `six==1.0\n--index-url ${CORP}\n`)).toEqual(corp);
  });

  test.each([["--no-index"], [`--index-url ${HERE} --no-index`], [`--no-index`, `-i ${HERE}`]])(
    "are of no index with %j",
    (...lines) => expect(requirements(...lines)).toEqual({ ...corp, others: ["--no-index: six"] }),
  );

  test("are of the index that uv names below them, and else of any that is named", () => {
    const text = `--index-url ${HERE}
--extra-index-url ${CORP}
alpha==1.0 \\
    --hash=sha256:${hex("a")}
    # via -r r.in
    # from ${HERE}
corp==1.0
    # from ${CORP}
either==1.0
-e ./mine
    # from ${HERE}
`;
    expect(split("requirements.txt", text)).toEqual({
      here: ["alpha"],
      elsewhere: ["corp", "either", "./mine"],
      others: [`${CORP}: corp either`],
    });
  });

  test("with more indexes than are looked at are refused", () => {
    const lines = Array.from({ length: 101 }, (_, at) => `--extra-index-url ${HERE}/${at}`);
    expect(refusalOf(() => requirements(...lines))).toContain("requirements.txt has more than 100 indexes");
    expect(requirements(...Array.from({ length: 5_000 }, () => `--extra-index-url ${HERE}`))).toEqual(here);
  });
});
