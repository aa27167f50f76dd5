import { expect, test } from "vitest";
import { parseConfig } from "../../schema/config.ts";
import { VARS } from "../support/rig.ts";

const KEY = `ed25519:${"A".repeat(43)}=`;
const OTHER = `ed25519:${"B".repeat(42)}A=`;
const url = "https://pypi.org/simple/";

const parsed = (upstream: object) => () =>
  parseConfig({ ...VARS, UPSTREAMS: { pypi: upstream }, INDEXES: { default: { sources: ["pypi"] } } });

test("an offline upstream has a key, or several, and an address that is never resolved", () => {
  const one = { name: "ed25519:AAAAAAAA", key: KEY, isRetired: false };
  const other = { name: "ed25519:BBBBBBBB", key: OTHER, isRetired: false };
  expect(parsed({ kind: "offline", key: KEY })().indexes[0].upstreams).toMatchObject([
    { kind: "offline", keys: [one], url: new URL("https://pypi.offline.invalid/") },
  ]);
  expect(parsed({ kind: "offline", key: [KEY, OTHER], projects: ["acme-*"] })().indexes[0].upstreams).toMatchObject([
    { keys: [one, other], projects: ["acme-*"] },
  ]);
});

test.each([
  ["an address", { url, kind: "offline", key: KEY }, /UPSTREAMS\.pypi: must have one of url/],
  ["no key", { kind: "offline" }, /UPSTREAMS\.pypi: has one of kind = "offline" and key/],
  ["a key beside an address", { url, key: KEY }, /UPSTREAMS\.pypi: has one of kind = "offline" and key/],
  ["what is for fetching", { kind: "offline", key: KEY, absent: [403] }, /UPSTREAMS\.pypi: is offline, where files/],
  ["another kind", { kind: "online" }, /UPSTREAMS\.pypi\.kind: must be "offline", or left out/],
  ["an empty list of keys", { kind: "offline", key: [] }, /UPSTREAMS\.pypi\.key: must/],
  ["a key that is none", { kind: "offline", key: "ed25519:x" }, /UPSTREAMS\.pypi\.key: must/],
])("an upstream with %s is refused", (_, upstream, problem) => {
  expect(parsed(upstream)).toThrow(problem);
});
