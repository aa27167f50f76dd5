import { join } from "node:path";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { expect, test, vi } from "vitest";
import { program } from "../../cli/program.ts";
import { announce } from "../../cli/serve/announce.ts";
import { optionsOf } from "../support/node/serve-options.ts";
import { parseConfig } from "../../schema/config.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const HOME = join(ROOT, ".pypi-edge");

/** What is said at a start with these options, in lines. */
const said = (...args: string[]) => saidOf({}, {}, ...args);

/** The same with these indexes and upstreams beside the default ones. */
function saidOf(
  indexes: Record<string, unknown>,
  upstreams: Record<string, unknown> = {},
  ...args: string[]
): string[] {
  const options = optionsOf("--state", HOME, ...args);
  const config = parseConfig({
    UPSTREAMS: { pypi: { url: "https://pypi.org/simple/" }, ...upstreams },
    INDEXES: { default: { sources: ["pypi"] }, ...indexes },
    RESERVED: [],
    TRUSTED: [],
    AUDIENCE: "",
    PAGE_TTL: 600,
    FEED: options.feed,
    POPULAR: 200,
    SEED: [],
    QUOTA: 0,
    PUBLIC_URL: "",
    LOG: "requests",
  });
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  announce(options, config);
  const lines = log.mock.calls.flat().join("\n").split("\n");
  log.mockRestore();
  return lines;
}

const aboutToken = (...args: string[]) => said(...args).find((line) => line.startsWith("The admin token"));

test("where the commands find the server by themselves, no option is to be typed", () => {
  const line = `The admin token is in ${join(HOME, "admin-token")}; the other commands find it there: npx pypi-edge token list`;
  expect([aboutToken(), aboutToken("--port", "47101"), aboutToken("--public-url", "https://pypi.example")]).toEqual([
    line,
    line,
    line,
  ]);
});

test.each([
  [["--port", "47101", "--state", "/tmp/x"], "--state /tmp/x"],
  [["--state", "/tmp/it's here"], "--state '/tmp/it'\\''s here'"],
])("with %j it says which option to type, in as many lines", (args, options) => {
  expect(aboutToken(...args)).toBe(
    `The admin token is in ${join(args.at(-1) ?? "", "admin-token")}; the other commands find it there: npx pypi-edge token list ${options}`,
  );
  expect(said(...args)).toHaveLength(said().length);
});

test("says whether the log is followed and the crons are on, in one line, where that is not the default", () => {
  const added = (...args: string[]) => said(...args).filter((line) => !said().includes(line));
  expect([added(), added("--feed"), added("--no-cron"), added("--feed", "--no-cron")]).toEqual([
    [],
    ["pypi-edge follows the upstream's change log, where the upstream has one."],
    ["No cron is fired (--no-cron): only files and pages that clients ask for are fetched."],
    ["No cron is fired (--no-cron): the upstream's change log is read only by npx pypi-edge jobs run feed."],
  ]);
});

test("says how the index that takes uploads gets a token, in one line", () => {
  const team = (more = {}) => ({ team: { sources: ["default"], hosted: true, ...more } });
  const about = (lines: string[]) => lines.filter((line) => line.includes("pypi-edge token create"));
  const made = "npx pypi-edge token create --index team --scope";
  expect(about(saidOf(team()))).toEqual([`team needs a token for reads and uploads: ${made} read,upload`]);
  expect(about(saidOf(team({ read: "anyone" })))).toEqual([`team needs a token for uploads: ${made} upload`]);
  expect(about(saidOf(team(), {}, "--port", "47101", "--state", "/tmp/x"))).toEqual([
    `team needs a token for reads and uploads: ${made} read,upload --state /tmp/x`,
  ]);
  expect(about(said())).toEqual([]);
});

test("says how a default index that is private gets a token, and leaves a place for it in the commands", () => {
  const lines = saidOf({ default: { sources: ["pypi"], read: "token" } });
  expect(lines).toContain("  pip install --index-url http://__token__:TOKEN@127.0.0.1:8787/simple/ requests");
  expect(lines).toContain("default needs a token for reads: npx pypi-edge token create --index default --scope read");
});

test("each command that is printed exists and takes the options that are printed with it", () => {
  const team = { sources: ["default"], hosted: true };
  const closed = { sources: ["pypi"], read: "token" };
  const lines = [
    ...saidOf({ team }, {}, "--state", "/tmp/x", "--no-cron", "--feed"),
    ...saidOf({ default: closed }, {}, "--state", "/tmp/x"),
  ];
  const printed = lines.flatMap((line) => /npx pypi-edge (.*)/.exec(line)?.[1] ?? []);
  expect(printed.length).toBeGreaterThan(3);
  for (const line of printed) {
    let found: CommandUnknownOpts = program("1.0");
    const words = line.split(" ");
    for (const word of words) found = found.commands.find((each) => each.name() === word) ?? found;
    const unknown = words.filter((word) => word.startsWith("--") && !found.options.some(({ long }) => long === word));
    expect([line, found.commands.length, unknown]).toEqual([line, 0, []]);
  }
});

test("of a page of links under a policy that asks for times, a line says that its files are held", () => {
  const lines = (unknownTime: string | undefined, policy: unknown, more: Record<string, unknown> = {}) => {
    const linked = { ...(unknownTime && { unknown_time: unknownTime }), find_links: "https://links.test/x.html" };
    const INDEXES = { default: { sources: ["pypi", "linked"], policy }, ...more };
    return saidOf(INDEXES, { linked }).filter((line) => line.includes("holds all files"));
  };
  expect(lines(undefined, { min_age: "3d" })).toEqual([
    'default holds all files of linked: a page of links does not say when they were uploaded, which the policy of default asks for. unknown_time = "allow" of UPSTREAMS.linked lets them through.',
  ]);
  expect(lines("allow", { min_age: "3d" })).toEqual([]);
  expect(lines("hold", { min_age: "3d", unknown_time: "allow" })).toHaveLength(1);
  expect(lines(undefined, { min_age: "3d", modes: { min_age: "audit" } })).toEqual([]);
  expect(lines(undefined, { deny: ["x"] })).toEqual([]);
});

test("an index over an offline source has no upstream", () => {
  const main = { kind: "offline", key: `ed25519:${"A".repeat(43)}=` };
  const [first, second] = saidOf({ default: { sources: ["main"] }, both: { sources: ["main", "pypi"] } }, { main });
  expect(first).toContain("(offline, with what is carried to main, stored in ");
  expect(second).toContain("(upstream what is carried to main, then https://pypi.org/simple/)");
});

test("an index without sources is said to have none", () => {
  expect(saidOf({ own: { sources: [], hosted: true } })).toContain(
    "and at http://127.0.0.1:8787/own/simple/ (no upstream)",
  );
});
