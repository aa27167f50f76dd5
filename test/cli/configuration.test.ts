import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readConfiguration } from "../../cli/serve/configuration.ts";
import { CommandError } from "../../cli/lib/command-error.ts";
import { optionsOf } from "../support/node/serve-options.ts";

/** What a file may say, as sentences name it. */
const KNOWN =
  "UPSTREAMS, INDEXES, RESERVED, TRUSTED, AUDIENCE, NOTIFY, PAGE_TTL, FEED, POPULAR, SEED, QUOTA, FREE_SPACE, SCRUB, DATABASE_GRACE, PREFETCH, NEW_A_DAY, PUBLIC_URL, OSV, TRUSTED_ROOT, METRICS, LOG, LOG_FORMAT";

const folder = mkdtempSync(join(tmpdir(), "pypi-edge-configuration-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What is read with these options and this text of a --config file. */
function read(text: string, ...args: string[]) {
  const file = join(folder, "own.toml");
  writeFileSync(file, text);
  const options = optionsOf("--config", file, "--state", folder, ...args);
  return readConfiguration(options, "a-token-for-the-tests");
}

test.each([
  ["[vars]\nPAGE_TTL = 600\n", [], false],
  ["[vars]\nFEED = false\n", [], false],
  ["[vars]\nFEED = true\n", [], true],
  ["[vars]\nFEED = false\n", ["--feed"], true],
  ["[vars]\nPAGE_TTL = 600\n", ["--feed"], true],
])("of the log of changes %j and %j say that it is followed: %s", (text, args, followed) => {
  const { config, variables } = read(text, ...args);
  expect([config.feed, variables["FEED"]]).toEqual([followed, followed]);
});

const OSV = "https://storage.googleapis.com/osv-vulnerabilities/PyPI/";

test.each([
  ["[vars]\nPAGE_TTL = 600\n", [], undefined],
  ["[vars]\nPAGE_TTL = 600\n", ["--osv"], OSV],
  ['[vars]\nOSV = "https://osv.acme.test/PyPI"\n', [], "https://osv.acme.test/PyPI/"],
  ['[vars]\nOSV = "https://osv.acme.test/PyPI"\n', ["--osv"], "https://osv.acme.test/PyPI/"],
  ['[vars]\nOSV = ""\n', [], undefined],
])("by %j and %j advisories are kept from %s", (text, args, expected) => {
  expect(read(text, ...args).config.osv?.href).toBe(expected);
});

test("a FEED that is neither true nor false is refused", () => {
  expect(() => read('[vars]\nFEED = "true"\n')).toThrow(/FEED: must be true or false: write true, without quotes\.$/);
});

test.each([
  ["[vars]\nADMIN_TOKEN = 'a-token-of-my-own-choice'\n", "vars.ADMIN_TOKEN"],
  ["ADMIN_TOKEN = 'a-token-of-my-own-choice'\n[vars]\nPAGE_TTL = 60\n", "ADMIN_TOKEN"],
])("an admin token in a file is refused as a secret, and not shown: %j", (text, key) => {
  expect(() => read(text)).toThrow(
    `--config ${join(folder, "own.toml")}: ${key}: is a secret, which must not be in this file; give it to pypi-edge serve with --admin-token T, or to pypi-edge deploy in its environment.`,
  );
  expect(() => read(text)).not.toThrow(/my-own-choice/);
});

test.each([
  ["is no TOML", "[vars", /--config .*: /],
  ["has a wrong value", '[vars]\nPAGE_TTL = "ten"\n', /^The configuration is wrong: PAGE_TTL: must be a whole number/],
  [
    "names a secret that is not set",
    '[vars.UPSTREAMS.pypi]\nurl = "https://pypi.org/simple/"\ncredentials = "NOT_SET"\n',
    /UPSTREAMS\.pypi\.credentials: there is no secret NOT_SET .*environment of pypi-edge deploy or pypi-edge serve\.$/m,
  ],
  ["is empty", "", new RegExp(`--config .*: has no \\[vars\\]; known in it are ${KNOWN}\\.$`, "m")],
  ["has no variables but text", 'vars = "x"\n', /--config .*: has no \[vars\]; known in it are UPSTREAMS/],
  [
    "has a misspelt table",
    '[vars.UPSTREAM.pypi]\nurl = "https://pypi.org/simple/"\n',
    new RegExp(`--config .*: vars\\.UPSTREAM: is not known; known are ${KNOWN}\\.$`, "m"),
  ],
  [
    "has a table beside [vars]",
    '[vars]\nPAGE_TTL = 60\n[UPSTREAMS.pypi]\nurl = "https://pypi.org/simple/"\n',
    /--config .*: UPSTREAMS: belongs below vars, as vars\.UPSTREAMS\.$/m,
  ],
  [
    "allows what it denies",
    '[vars.INDEXES.default]\nsources = ["pypi"]\n[vars.INDEXES.default.policy]\ndeny = ["evil-*"]\nallow = ["demo", "Evil_Tools<2"]\n',
    /^The configuration is wrong: INDEXES\.default\.policy\.allow: has Evil_Tools<2, which has no effect: deny has evil-\*, and wins/,
  ],
  ["has a log that is overridden", '[vars]\nLOG = "all"\n', /^The configuration is wrong: LOG: must be/],
  ["has an address that is overridden", '[vars]\nPUBLIC_URL = "x"\n', /^The configuration is wrong: PUBLIC_URL: an/],
])("a file that %s is refused with a sentence", (_what, text, sentence) => {
  expect(() => read(text)).toThrow(sentence);
  expect(() => read(text)).toThrow(CommandError);
});

const INDEX = '[vars.INDEXES.default]\nsources = ["pypi"]\n';
const UPSTREAM = '[vars.UPSTREAMS.pypi]\nurl = "https://pypi.org/simple/"\n';
const RULE = '[[vars.TRUSTED]]\nissuer = "https://ci.example"\nindex = "team"\n';
const EACH = "with two brackets on each side, and the settings of each below it";

test.each([
  ['[vars.TRUSTED]\nindex = "team"', `TRUSTED: must be an array of tables: write [[vars.TRUSTED]], ${EACH}`],
  ['[vars]\nNOTIFY = "https://ci.example"', `NOTIFY: must be an array of tables: write [[vars.NOTIFY]], ${EACH}`],
  ['[vars]\nTRUSTED = ["team"]', `TRUSTED.0: must be a table: write [[vars.TRUSTED]], ${EACH}`],
  [
    "[[vars.INDEXES.default]]\nsources = []",
    "INDEXES.default: must be a table: write [vars.INDEXES.default], with one bracket on each side, and its settings below it",
  ],
  [
    '[vars.UPSTREAMS]\npypi = "https://pypi.org/simple/"',
    "UPSTREAMS.pypi: must be a table: write [vars.UPSTREAMS.pypi] and its settings below it",
  ],
  [`${RULE}claims = "acme"\nscopes = ["read"]`, "TRUSTED.0.claims: must be a table: write { NAME = VALUE }"],
  [`${RULE}claims = { sub = "x" }\nscopes = "read"`, 'TRUSTED.0.scopes: must be an array: write ["read"]'],
  ['[vars]\nRESERVED = "acme-*"', 'RESERVED: must be an array: write ["acme-*"]'],
  ["[vars.RESERVED]\nacme = true", "RESERVED: must be an array"],
  [`${UPSTREAM}absent = 403`, "UPSTREAMS.pypi.absent: must be an array: write it in brackets"],
  [`${UPSTREAM}absent = ["403"]`, "UPSTREAMS.pypi.absent.0: must be a number: write 403, without quotes"],
  ["[vars]\nAUDIENCE = 7", 'AUDIENCE: must be a string: write "7", in quotes'],
  ['[vars]\nAUDIENCE = ["pypi"]', "AUDIENCE: must be a string: write one, without brackets"],
  ["[vars]\nFEED = 1", "FEED: must be true or false"],
  ["[vars]\nOSV = true", 'OSV: must be an address such as https://osv.example/PyPI/, or ""'],
  ["[vars.TRUSTED_ROOT]\nkeys = 1", "TRUSTED_ROOT: must be a string"],
  [
    `${INDEX}policy = { before = 2026-01-01 }`,
    'INDEXES.default.policy.before: must be a date, "2026-12-31", which is its first moment in UTC, or "2026-12-31T18:00:00Z": write "2026-01-01", in quotes',
  ],
  [`${INDEX}policy.min_age = 3`, 'INDEXES.default.policy.min_age: must be a time such as "3d", "48h", "2w" or "P7D"'],
  [
    `${INDEX}policy.vulnerable = "high"`,
    'INDEXES.default.policy.vulnerable: must be a table: { severity = "high", mode = "enforce", unknown = "audit" }',
  ],
  [
    `${INDEX}hosted = true\nkeep.per_project = "3"`,
    "INDEXES.default.keep.per_project: must be a whole number of releases from 1 to 10000: write 3, without quotes",
  ],
  [
    `${UPSTREAM}mirror.filters.max_file = 5`,
    'UPSTREAMS.pypi.mirror.filters.max_file: must be a size such as "500kB", "100MB", "20GB" or "1TB"',
  ],
  [
    `${UPSTREAM}mirror.filters.pythons = [3.12]`,
    'UPSTREAMS.pypi.mirror.filters.pythons.0: must be versions of CPython 3, such as "3.12" or "3.13t"',
  ],
])("of %j, whose value has the wrong type, is said what to write", (text, sentence) => {
  expect(() => read(text)).toThrow(new CommandError(`The configuration is wrong: ${sentence}.`));
});

test("[[vars]] is answered with how it is written", () => {
  expect(() => read("[[vars]]\nPAGE_TTL = 60\n")).toThrow(
    /--config .*: write \[vars\], with one bracket on each side\.$/,
  );
});

test("what a policy denies only to count may be allowed", () => {
  const policy = 'deny = ["demo"]\nallow = ["demo"]\nmodes = { deny = "audit" }\n';
  expect(
    read(`[vars.INDEXES.default]\nsources = ["pypi"]\n[vars.INDEXES.default.policy]\n${policy}`).config.indexes,
  ).toHaveLength(1);
});

test("a variable is refused where a deployment could not have it", () => {
  const index = (deny: string) => ({ default: { sources: ["pypi"], policy: { deny: [deny] } } });
  const readOf = (bytes: number) => {
    const pattern = "x".repeat(bytes - JSON.stringify(index("")).length);
    return read(`[vars.INDEXES.default]\nsources = ["pypi"]\n[vars.INDEXES.default.policy]\ndeny = ["${pattern}"]\n`);
  };
  expect(readOf(5_120).config.indexes).toHaveLength(1);
  expect(() => readOf(5_121)).toThrow(
    /INDEXES: has 5121 bytes as JSON, .* 5120 at most.*pypi-edge policy allow and deny/,
  );
});

test("a file that is not there is refused with a sentence", () => {
  const options = optionsOf("--config", join(folder, "none.toml"), "--state", folder);
  const reading = () => readConfiguration(options, "a-token-for-the-tests");
  expect(reading).toThrow(/--config .*none\.toml: /);
  expect(reading).toThrow(CommandError);
});
