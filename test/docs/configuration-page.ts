import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { parseConfig, vars } from "../../schema/config.ts";
import { index } from "../../schema/indexes.ts";
import {
  INDEX_MEANINGS,
  KEEP_MEANINGS,
  MIRROR_FILTER_MEANINGS,
  MIRROR_MEANINGS,
  POLICY_MEANINGS,
  RECEIVER_MEANINGS,
  TRUSTED_MEANINGS,
  UPSTREAM_MEANINGS,
  VARIABLE_MEANINGS,
} from "../../schema/meanings.ts";
import { OWN_MEANINGS } from "../../schema/own-deployment.ts";
import { keepRules } from "../../schema/keep.ts";
import { mirror, mirrorFilters } from "../../schema/mirror.ts";
import { receiver } from "../../schema/notify.ts";
import { policy } from "../../schema/policy.ts";
import { trusted } from "../../schema/trusted.ts";
import { upstream } from "../../schema/upstreams.ts";
import { messageOf } from "../../worker/errors.ts";
import { tableOf } from "./markdown.ts";

const ROOT = join(import.meta.dirname, "../..");

type Values = Record<string, unknown>;

/** What wrangler.toml ships: the defaults. */
const SHIPPED = parse(readFileSync(join(ROOT, "wrangler.toml"), "utf8"))["vars"] as Values;

/** A complete configuration, in which one value is then made wrong to hear what the schema asks of it. */
const COMPLETE: Values = {
  ...SHIPPED,
  AUDIENCE: "pypi.acme.example",
  UPSTREAMS: { pypi: { url: "https://pypi.org/simple/" } },
  INDEXES: { default: { sources: ["pypi"], hosted: true } },
  TRUSTED: [{ issuer: "https://ci.acme.example", claims: { sub: "x" }, index: "default", scopes: ["read"] }],
};

/** docs/configuration.md: every key with its meaning, its default, and what the schema asks of its value. */
export function configurationPage(): string {
  return `# Configuration

<!-- Made by npm run docs from the schema. -->

In \`pypi-edge.toml\` of [a folder of your own](deploy.md#a-folder-of-your-own), or another file that \`--config FILE\` names, below \`[vars]\`; these go before those of \`wrangler.toml\`, which comes with
pypi-edge; \`UPSTREAMS\`, \`INDEXES\`, \`TRUSTED\` and \`NOTIFY\` are each replaced whole. A variable has at most 5 KB as JSON. A wrong value, or a key that is not known, ends the start with a
sentence that names it. \`--upstream\` replaces the last source of the default index that has no \`projects\`.

## A deployment

At the top of \`pypi-edge.toml\`, for \`pypi-edge deploy\`; \`pypi-edge serve\` reads \`[vars]\` only.

${tableOf(
  ["key", "meaning"],
  Object.entries(OWN_MEANINGS).map(([key, meaning]) => [`\`${key}\``, meaning]),
)}

## Variables

${table(VARIABLE_MEANINGS, Object.keys(vars.shape), (key, wrong) => ({ ...COMPLETE, [key]: wrong }), SHIPPED)}

## Secrets

| name | meaning |
| --- | --- |
| \`ADMIN_TOKEN\` | opens \`/-/api/\`, all of it. \`pypi-edge deploy\` and \`pypi-edge serve\` make one the first time. At least 16 visible characters of ASCII. |
| \`ADMIN_TOKEN_2\` | the same, beside it: while a new one [takes its place](deploy.md#a-new-admin-token), both are valid. |
| names of your choice | what \`credentials\` of an upstream names: \`user:password\`; what \`secret\` of a receiver names. |

\`pypi-edge deploy\` stores those that its environment has as secrets of the worker; \`pypi-edge serve\` reads what \`credentials\` and \`secret\` name from its own.

From its environment \`pypi-edge serve\` also has \`HTTPS_PROXY\`, \`HTTP_PROXY\`, \`NO_PROXY\` and \`NODE_EXTRA_CA_CERTS\`: [the way out](self-host.md#out-through-a-proxy).

## Upstreams

\`[vars.UPSTREAMS.NAME]\`

${table(UPSTREAM_MEANINGS, Object.keys(upstream.shape), (key, wrong) => {
  const own = key === "find_links" ? {} : { url: "https://pypi.org/simple/" };
  return { ...COMPLETE, UPSTREAMS: { pypi: { ...own, [key]: wrong } } };
})}

## Mirrors

\`[vars.UPSTREAMS.NAME.mirror]\`; see [mirror](mirror.md).

${table(MIRROR_MEANINGS, Object.keys(mirror.shape), (key, wrong) => mirroring({ [key]: wrong }), {
  serve: "through",
  max_requests_per_second: 10,
  max_dependencies: 2_000,
  max_dependency_size: "100GB",
})}

### Filters

\`[vars.UPSTREAMS.NAME.mirror.filters]\`

${table(
  MIRROR_FILTER_MEANINGS,
  Object.keys(mirrorFilters.shape),
  (key, wrong) => mirroring({ filters: { [key]: wrong } }),
  { prereleases: true, yanked: true },
)}

## Indexes

\`[vars.INDEXES.NAME]\`. A name is lower-case letters, digits and \`-\`.

${table(
  INDEX_MEANINGS,
  Object.keys(index.shape),
  (key, wrong) => ({ ...COMPLETE, INDEXES: { default: { sources: ["pypi"], hosted: true, [key]: wrong } } }),
  { hosted: false, volatile: false, merge: [] },
)}

### Releases that are kept

\`[vars.INDEXES.NAME.keep]\`; see [private-index](private-index.md#releases-that-are-kept).

${table(
  KEEP_MEANINGS,
  Object.keys(keepRules.shape),
  (key, wrong) => ({
    ...COMPLETE,
    INDEXES: { default: { sources: ["pypi"], hosted: true, keep: { dev: "30d", [key]: wrong } } },
  }),
  { unused: "30d" },
)}

## Policies

\`[vars.INDEXES.NAME.policy]\`; see [guard](guard.md).

${table(
  POLICY_MEANINGS,
  Object.keys(policy.shape),
  (key, wrong) => ({ ...COMPLETE, INDEXES: { default: { sources: ["pypi"], policy: { [key]: wrong } } } }),
  { unknown_time: "hold", prerelease: "off", yanked: "off" },
)}

## Trusted publishers

\`[[vars.TRUSTED]]\`; see [trusted-publishing](trusted-publishing.md).

${table(TRUSTED_MEANINGS, Object.keys(trusted.shape), (key, wrong) => {
  const [rule] = COMPLETE["TRUSTED"] as [Values];
  return { ...COMPLETE, TRUSTED: [{ ...rule, [key]: wrong }] };
})}

## Receivers

\`[[vars.NOTIFY]]\`; see [notify](notify.md).

${table(
  RECEIVER_MEANINGS,
  Object.keys(receiver.shape),
  (key, wrong) => ({ ...COMPLETE, NOTIFY: [{ url: "https://hooks.acme.example/", secret: "S", [key]: wrong }] }),
  { private: false },
)}

## An example

\`\`\`toml
${EXAMPLE.trim()}
\`\`\`

The first of an index's \`sources\` that has a project has it entirely: no file of it comes from another. While a source fails, a name that only it could
answer for is 503, never the next source's; one that the next has served here within the hour goes on. A claim (\`projects\`) holds in the indexes that list
the source, not in others.
`;
}

/** A configuration whose upstream has this mirror. */
const mirroring = (wrong: Values): Values => ({
  ...COMPLETE,
  UPSTREAMS: { pypi: { url: "https://pypi.org/simple/", mirror: wrong } },
});

/** The example of the page; a test reads it as a configuration. */
export const EXAMPLE = `
[vars.UPSTREAMS.pypi]
url = "https://pypi.org/simple/"
files = "https://files.pythonhosted.org/"

[vars.UPSTREAMS.torch]
url = "https://download.pytorch.org/whl/cpu/"
projects = ["torch*"] # come from here only, and nothing else does

[vars.UPSTREAMS.acme]
url = "https://pypi.acme.example/simple/"
credentials = "ACME" # a secret, user:password

[vars.UPSTREAMS.shelf]
find_links = "https://wheels.acme.example/" # a page of links to files

[vars.INDEXES.default]
sources = ["torch", "pypi"]

[vars.INDEXES.acme]
sources = ["acme", "shelf", "torch", "pypi"]
read = "token" # as an index that hosts, unless it says "anyone"

[vars.INDEXES.staging]
sources = ["acme"] # an upstream, or another index with all that it has
hosted = true # takes uploads, and hides what they are called
merge = ["numpy"] # but for these: their pages have both
volatile = true # files can be uploaded again with other bytes
`;

/** @param wrongly a configuration in which the value of `key` is `wrong` */
function table(
  meanings: Readonly<Record<string, string>>,
  keys: readonly string[],
  wrongly: (key: string, wrong: unknown) => Values,
  defaults: Values = {},
): string {
  const rows = keys.map((key) => [`\`${key}\``, meanings[key] ?? "", shown(defaults[key]), demandOf(key, wrongly)]);
  return tableOf(["key", "meaning", "default", "must be"], rows);
}

function shown(value: unknown): string {
  if (value === undefined || value === "") return "";
  if (typeof value !== "object") return `\`${JSON.stringify(value)}\``;
  if (Array.isArray(value)) return value.length === 0 ? "none" : `\`${JSON.stringify(value)}\``;
  return Object.keys(value ?? {})
    .map((key) => `\`${key}\``)
    .join(", ");
}

/** What the schema says of a value that is certainly wrong. */
function demandOf(key: string, wrongly: (key: string, wrong: unknown) => Values): string {
  const wrongs: readonly unknown[] = [null, "§ § §", ["§ § §"], 9_999_999, "https://u:p@a.example/"];
  const demands = wrongs.map((wrong) => {
    try {
      parseConfig(wrongly(key, wrong));
      return undefined;
    } catch (error) {
      const said = messageOf(error);
      return (
        /: (?:must|no|has|is) [^;]*?(?=[;.]?$|;)/
          .exec(said)?.[0]
          .slice(2)
          // What to write in the wrong value's place is of no use here.
          .replace(/: write .*$/, "")
          .replace(/^must be (?:given)?/, "")
      );
    }
  });
  return [...new Set(demands.filter((said) => said !== undefined && said !== ""))].join("; ");
}
