import { describe, expect, test } from "vitest";
import { formatOf } from "../../../worker/locks/formats/formats.ts";
import { assertSearchable } from "../../../worker/locks/formats/recognise.ts";
import { read, refusalOf } from "./support.ts";

const UV = 'version = 1\nrevision = 3\n\n[[package]]\nname = "six"\nversion = "1.17.0"\n';
const POETRY = '[[package]]\nname = "six"\nversion = "1.17.0"\n\n[metadata]\nlock-version = "2.1"\n';
const PDM = '[metadata]\nlock_version = "4.5.0"\n\n[[package]]\nname = "six"\nversion = "1.17.0"\n';
const PIXI = "version: 6\nenvironments: {}\npackages: []\n";
const PIPFILE = '{\n  "_meta": {"pipfile-spec": 6},\n  "default": {}\n}\n';
const PINS = "six==1.17.0 \\\n    --hash=sha256:00\nidna==3.10\n";

const searched = (name: string, text: string) =>
  refusalOf(() => {
    const format = formatOf(name);
    if (!format) throw new Error(`${name} has no format`);
    assertSearchable(format, { name, text });
  });

const flat = (text: string) => text.replaceAll("\n", "");

describe("a lock under the name of another tool's", () => {
  test.each([
    ["poetry.lock", UV, "uv.lock"],
    ["pixi.lock", UV, "uv.lock"],
    ["requirements.txt", UV, "uv.lock"],
    ["uv.lock", POETRY, "poetry.lock or pylock.toml"],
    ["requirements.lock", PDM, "pdm.lock"],
    ["Pipfile.lock", PDM, "pdm.lock"],
    ["uv.lock", PIPFILE, "Pipfile.lock"],
    ["pylock.toml", PIXI, "pixi.lock"],
  ])("%s is told of the right one: %#", (name, text, right) => {
    expect(refusalOf(() => read(name, text))).toBe(
      `unprocessable: ${name} has the text of a file that is called ${right}. The name tells the format: give the file that name.`,
    );
  });

  test("is searched for URLs where the syntax is the same, and refused where it is another", () => {
    expect(searched("poetry.lock", UV)).toBe("accepted");
    expect(searched("pixi.lock", UV)).toContain("called uv.lock");
    expect(searched("requirements.txt", PIPFILE)).toContain("called Pipfile.lock");
  });
});

describe("a lock without its line ends, as curl -d sends it,", () => {
  test.each([
    ["uv.lock", UV],
    ["poetry.lock", POETRY],
    ["pixi.lock", PIXI],
    ["requirements.txt", PINS],
    ["requirements.txt", "six==1.17.0\nidna==3.10\n"],
    ["requirements.txt", "# by pip-compile\nsix==1.17.0\n"],
  ])("is refused, and the right option named: %s %#", (name, text) => {
    for (const told of [refusalOf(() => read(name, flat(text))), searched(name, flat(text))]) {
      expect(told).toBe(
        `unprocessable: ${name} has lost its line ends. If curl sent it: --data-binary keeps them, -d does not.`,
      );
    }
  });

  test.each([
    ["requirements.txt", "six==1.17.0"],
    ["requirements.txt", "six===1.17.0"],
    ["requirements.txt", 'six==1.17.0; python_version=="3.12" # was ==1.16'],
    ["requirements.txt", "-i https://pypi.org/simple"],
    ["requirements.txt", "-r dev/requirements.txt"],
    ["Pipfile.lock", flat(PIPFILE)],
    ["uv.lock", UV.replaceAll("\n", "\r\n")],
  ])("is not what a text in one line is: %s %#", (name, text) => {
    expect(searched(name, text)).toBe("accepted");
  });
});

test.each([
  ["uv.lock", "uv.lock"],
  ["requirements.txt", "dev/requirements.txt\r"],
  ["Pipfile.lock", "./Pipfile.lock"],
])("a file's name is not the file: %s %j", (name, text) => {
  for (const told of [searched(name, text), refusalOf(() => read(name, text))]) {
    expect(told).toBe(
      `unprocessable: ${name} was not sent, but its name. If curl sent it: an @ stands before a file's name, as in --data-binary @${name}.`,
    );
  }
});

test.each([
  ["uv.lock", "<html>\n<p>Sign in</p>\n"],
  ["uv.lock", "A token is needed here.\n"],
  ["Pipfile.lock", "{}"],
  ["pixi.lock", "\n"],
])("a text that is no lock is not searched for URLs: %s %j", (name, text) => {
  expect(searched(name, text)).toBe(
    `unprocessable: ${name} is no lock file: it has neither a package nor the version of a format. Make it again with its tool.`,
  );
});
