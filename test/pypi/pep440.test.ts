import { expect, test } from "vitest";
import { compareVersions, isSameVersion, normalVersion, parseVersion, type Version } from "../../worker/pypi/pep440.ts";

const read = (text: string): Version => {
  const version = parseVersion(text);
  if (!version) throw new Error(`${text} was not read`);
  return version;
};

test("versions are in PEP 440's order", () => {
  const order = [
    "0.9",
    "1.0.dev456",
    "1.0a1.dev1",
    "1.0a1",
    "1.0a2.dev456",
    "1.0a12",
    "1.0b1.dev456",
    "1.0b2",
    "1.0b2.post345.dev456",
    "1.0b2.post345",
    "1.0rc1.dev456",
    "1.0rc1",
    "1.0",
    "1.0+abc.5",
    "1.0+abc.7",
    "1.0+5",
    "1.0.post456.dev34",
    "1.0.post456",
    "1.0.15",
    "1.1.dev1",
    "1.2",
    "1.10",
    "2024.1.30",
    "1!0.1",
  ];
  for (const [at, text] of order.entries()) {
    for (const [other, against] of order.entries()) {
      const found = Math.sign(compareVersions(read(text), read(against)));
      expect([text, against, found]).toEqual([text, against, Math.sign(at - other)]);
    }
  }
});

test.each([
  ["1", "1.0.0"],
  ["1.0.0rc1", "v1.0-C_1"],
  ["1.0alpha", "1.0a0"],
  ["1.0-preview.2", "1rc2"],
  ["1.0-3", "1.0.post3"],
  ["1.0.r4", "1.0post4"],
  ["1.0.dev", "1.0_dev0"],
  ["1.0+Ubuntu-1", "1.0+ubuntu.1"],
])("%s and %s are one version", (one, other) => {
  expect(compareVersions(read(one), read(other))).toBe(0);
});

test.each(["1.0a1", "1.0.dev3", "1.0rc1.post1", "1.0.post1.dev2"])("%s is a pre-release", (text) => {
  expect(read(text).isPrerelease).toBe(true);
});

test.each(["1.0", "1.0.post1", "1.0+local.dev1", "1.0-1"])("%s is none", (text) => {
  expect(read(text).isPrerelease).toBe(false);
});

test.each(["", "1.x", "french toast", "1.0+", "1.0-", "1..0", "2004d", `1.${"0".repeat(100)}`])(
  "%j is no version that could be compared",
  (text) => {
    expect(parseVersion(text)).toBeUndefined();
  },
);

// The Kelvin sign is a "k" in lower case, and no letter of a version.
test.each(["1.0+\u212a1", "1.0+a.\u0130", "1.0-RC\u0661"])("%j is no version", (text) => {
  expect(normalVersion(text)).toBeUndefined();
});

test.each([
  ["1.0", "v1.0.0", true],
  ["1.0-RC1", "1rc.01", true],
  ["1.0+Local_1", "1+local.1", true],
  ["1.0", "1.0.1", false],
  ["1.0", "1.0+local", false],
  ["latest", "latest", true],
  ["latest", "newest", false],
])("whether %s and %s are one version: %s", (one, other, are) => {
  expect(isSameVersion(one, other)).toBe(are);
});
