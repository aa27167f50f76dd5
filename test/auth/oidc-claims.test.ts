import { describe, expect, test } from "vitest";
import { matchesPattern, quotedClaim, claimText } from "../../worker/auth/oidc/claims.ts";

const BRANCH = "acme/tools/.github/workflows/evil.yml@refs/heads/x/.github/workflows/release.yml@refs/heads/main";

describe("a pattern", () => {
  test.each([
    ["acme/tools", "acme/tools"],
    ["acme/*", "acme/tools"],
    ["acme/*", "acme/python/tools"],
    ["acme/*", "acme/"],
    ["repo:acme/tools:*", "repo:acme/tools:ref:refs/heads/a/b"],
    ["refs/tags/v*", "refs/tags/v1.0"],
    ["refs/tags/*.*", "refs/tags/1.0"],
    ["acme/*/.github/workflows/release.yml@*", "acme/tools/.github/workflows/release.yml@refs/heads/main"],
    ["*-runner", "our-runner"],
    ["a**b*", "a-b-c"],
    ["a.b", "a.b"],
    ["größe-*", "größe-1"],
    ["v(1)+[2]*", "v(1)+[2]3"],
  ])("%j means %j", (pattern, value) => {
    expect(matchesPattern(pattern, value)).toBe(true);
  });

  test.each([
    ["acme/tools", "acme/tools "],
    ["acme/tools", "Acme/tools"],
    ["acme/tools", "acme/tools\n"],
    ["a.b", "axb"],
    ["acme/*", "acme"],
    ["acme/*", "evil/acme/tools"],
    ["acme/*", "acme-evil/tools"],
    ["acme/*", "acme/tools\nevil"],
    ["acme/*", "acme/tools\r"],
    ["acme/*", "acme/\u2028x"],
    ["acme/*", "acme/\u0000x"],
    ["acme/*", "acme/\u202ex"],
    ["acme/*", "x\nacme/tools"],
    ["acme/*", "acme/\ud800"],
    ["acme/*", `acme/${"x".repeat(1_024)}`],
    ["repo:*:environment:release", "repo:evil/x:environment:release"],
    ["repo:acme/*:environment:release", "repo:acme/x:ref:refs/heads/y:environment:release"],
    ["acme/*/.github/workflows/release.yml@refs/heads/main", BRANCH],
    ["acme/tools/.github/workflows/*.yml@refs/heads/main", BRANCH],
    ["*/tools", "evil/acme/tools"],
    ["acme/*-tools", "acme/our-tools-evil"],
    ["refs/*/main", "refs/heads/main/evil"],
  ])("%j does not mean %j", (pattern, value) => {
    expect(matchesPattern(pattern, value)).toBe(false);
  });
});

test.each<[unknown, string | undefined]>([
  ["text", "text"],
  ["", ""],
  [7, "7"],
  [true, "true"],
  [null, "null"],
  [["a", 1], '["a",1]'],
  [{ a: "b" }, '{"a":"b"}'],
  [undefined, undefined],
])("a claim that is %j is compared as %j", (value, text) => {
  expect(claimText({ claim: value }, "claim")).toBe(text);
});

test("a member inherited from Object is no claim", () => {
  expect(["toString", "__proto__", "constructor"].map((name) => claimText({}, name))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(claimText(JSON.parse('{"__proto__":"x"}') as Record<string, unknown>, "__proto__")).toBe("x");
});

test.each([
  [undefined, "nothing"],
  ['say "x"', '"say \\"x\\""'],
  ["a\nb\u001b[0m", '"a\\nb\\u001b[0m"'],
  ["é\u202e😀", '"\\u00e9\\u202e\\ud83d\\ude00"'],
  ["\u007f\u2028", '"\\u007f\\u2028"'],
  ["x".repeat(121), `"${"x".repeat(120)}..."`],
])("%j is shown as %s", (text, line) => {
  expect(quotedClaim(text)).toBe(line);
});
