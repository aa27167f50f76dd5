import { describe, expect, test } from "vitest";
import { parseConfig } from "../../schema/config.ts";
import { VARS } from "../support/rig.ts";

const GITHUB = "https://token.actions.githubusercontent.com";
const INDEXES = { default: { sources: ["pypi"] }, team: { sources: ["default"], hosted: true } };
const RULE = { issuer: GITHUB, claims: { repository: "acme/tools" }, index: "team", scopes: ["upload"] };

const parsed = (...TRUSTED: readonly unknown[]) =>
  parseConfig({ ...VARS, INDEXES, TRUSTED, AUDIENCE: "pypi.acme.example" }).trusted;

test("rules stay in their order, and an issuer as it is written", () => {
  const rules = [
    { ...RULE, projects: ["acme-*"] },
    { ...RULE, issuer: "https://ci.acme.example/", claims: { sub: "job:*" }, scopes: ["read", "yank"] },
    { ...RULE, index: "default", scopes: ["read", "warm"] },
    { ...RULE, issuer: "http://10.0.0.8:8080/realms/ci", claims: { sub: "*job" } },
  ];
  expect(parsed(...rules)).toEqual(rules);
});

describe("a rule that trusts more than its author means is an error that names it", () => {
  const claims = (it: Record<string, unknown>) => ({ claims: it });
  test.each<[string, Record<string, unknown>, RegExp]>([
    ["everybody", claims({}), /TRUSTED\.0\.claims: must name at least one claim/],
    [
      "a claim that may be anything",
      claims({ repository: "*" }),
      /TRUSTED\.0\.claims\.repository: must be a text, .*not "\*" alone/,
    ],
    ["the same written longer", claims({ repository: "**" }), /TRUSTED\.0\.claims\.repository: .*not "\*" alone/],
    ["an empty claim", claims({ repository: "" }), /TRUSTED\.0\.claims\.repository: must be a text/],
    ["a number", claims({ repository_owner_id: 7 }), /TRUSTED\.0\.claims\.repository_owner_id: must be a string/],
    [
      "nothing but the audience",
      claims({ aud: "pypi.acme.example" }),
      /TRUSTED\.0\.claims\.aud: the name is checked for every token/,
    ],
    ["nothing but the issuer", claims({ iss: GITHUB }), /TRUSTED\.0\.claims\.iss: the name is checked for every token/],
    ["a time", claims({ repository: "acme/tools", exp: "1*" }), /TRUSTED\.0\.claims\.exp: the name is checked/],
    ["a claim without a name", claims({ "": "x" }), /TRUSTED\.0\.claims\.: the name must not be empty/],
    [
      "every repository",
      claims({ environment: "release" }),
      /TRUSTED\.0\.claims: strangers have tokens of .* name the owner that you trust, .*: repository = "acme\/\*"/,
    ],
    ["owners that begin alike", claims({ repository: "acme*" }), /TRUSTED\.0\.claims: strangers have tokens/],
    [
      "every owner's repository of a name",
      claims({ repository: "*/tools" }),
      /TRUSTED\.0\.claims: strangers have tokens/,
    ],
    ["every subject", claims({ sub: "repo:*" }), /TRUSTED\.0\.claims: strangers have tokens/],
    [
      "whoever calls a workflow",
      claims({ job_workflow_ref: "acme/tools/.github/workflows/release.yml@refs/heads/main" }),
      /TRUSTED\.0\.claims: strangers/,
    ],
    [
      "every protected branch of GitLab's",
      { ...claims({ ref_protected: "true" }), issuer: "https://gitlab.com" },
      /TRUSTED\.0\.claims: strangers .*project_path = "acme\/\*"/,
    ],
    [
      "every branch of every pipeline of Buildkite's",
      { ...claims({ build_branch: "main", sub: "organization:*" }), issuer: "https://agent.buildkite.com" },
      /TRUSTED\.0\.claims: strangers .*organization_slug = "acme"/,
    ],
    [
      "every account of a domain of Google's",
      { ...claims({ email: "*@acme.iam.gserviceaccount.com" }), issuer: "https://accounts.google.com" },
      /TRUSTED\.0\.claims: strangers/,
    ],
    [
      "jobs as admins",
      { scopes: ["upload", "admin"] },
      /TRUSTED\.0\.scopes\.1: must be one of: read, warm, upload, yank/,
    ],
    ["a rule without scopes", { scopes: [] }, /TRUSTED\.0\.scopes: must name at least one/],
    ["uploads where none are taken", { index: "default" }, /TRUSTED\.0\.scopes: INDEXES\.default is not hosted/],
    ["an issuer over plain http", { issuer: "http://ci.example" }, /TRUSTED\.0\.issuer: plain http is for loopback/],
    ["an issuer that is no address", { issuer: "ci.example" }, /TRUSTED\.0\.issuer: an address such as/],
    [
      "an issuer with a query",
      { issuer: "https://ci.example/?a" },
      /TRUSTED\.0\.issuer: no credentials, query or fragment/,
    ],
    ["an issuer with a password", { issuer: "https://u:p@ci.example" }, /TRUSTED\.0\.issuer: no credentials/],
    [
      "an issuer in capitals",
      { issuer: "https://CI.example" },
      /TRUSTED\.0\.issuer: must be written as the "iss" claim has it: https:\/\/ci\.example\//,
    ],
    [
      "an issuer with a port that goes without saying",
      { issuer: "https://ci.example:443" },
      /TRUSTED\.0\.issuer: must be written as/,
    ],
    ["a misspelt member", { project: ["acme-*"] }, /TRUSTED\.0\.project: is not known/],
    ["names that no project has", { projects: ["acme/*"] }, /TRUSTED\.0\.projects\.0: must be project names/],
    ["no names at all", { projects: [] }, /TRUSTED\.0\.projects: must name at least one/],
  ])("%s", (_what, change, message) => {
    expect(() => parsed({ ...RULE, ...change })).toThrow(message);
  });

  test("the place in the configuration is the rule's own", () => {
    expect(() => parsed(RULE, { ...RULE, claims: {} })).toThrow(
      /: TRUSTED\.1\.claims: must name at least one claim\.$/,
    );
  });
});

test.each<Record<string, string>>([
  { repository: "acme/*" },
  { repository_owner: "acme", environment: "release" },
  { repository_owner_id: "7", ref: "refs/tags/*" },
  { sub: "repo:acme/tools:environment:release" },
  { sub: "repo:acme/*" },
  { workflow_ref: "acme/tools/.github/workflows/release.yml@*" },
  { repository_id: "100", environment: "*-release" },
])("%j names the trusted publishers", (claims) => {
  expect(parsed({ ...RULE, claims })).toHaveLength(1);
});

test("an issuer that is not shared needs no owner to be named", () => {
  expect(parsed({ ...RULE, issuer: "https://gitlab.acme.example", claims: { ref_protected: "true" } })).toHaveLength(1);
});
