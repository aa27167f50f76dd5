import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { adminToken, keepAdminToken } from "../../cli/serve/admin-token.ts";

const folder = mkdtempSync(join(tmpdir(), "pypi-edge-token-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the admin token stays from one start to the next, until another one is chosen", () => {
  const state = mkdtempSync(join(folder, "token-"));
  const made = adminToken(state);
  expect(made.length).toBeGreaterThan(40);
  expect(adminToken(state)).not.toBe(made);
  keepAdminToken(state, made);
  expect(adminToken(state)).toBe(made);
  keepAdminToken(state, "one-of-my-own-choice");
  expect(adminToken(state)).toBe("one-of-my-own-choice");
});

test.each(["", "\0".repeat(44), `half\0\0`])(
  "a new admin token is made where a power failure has left %j of it",
  (left) => {
    const state = mkdtempSync(join(folder, "token-"));
    writeFileSync(join(state, "admin-token"), left);
    const made = adminToken(state);
    expect(made).toMatch(/^[\w-]{43}$/);
    keepAdminToken(state, made);
    expect(adminToken(state)).toBe(made);
  },
);

test("a new admin token is never in a file that others can read, or have open", () => {
  const state = mkdtempSync(join(folder, "token-"));
  const file = join(state, "admin-token");
  writeFileSync(file, "old\n", { mode: 0o644 });
  // What a start that was cut off has left behind.
  writeFileSync(`${file}.new`, "left\n", { mode: 0o644 });
  const open = openSync(file, "r");
  keepAdminToken(state, "a-new-one");
  expect(readFileSync(open, "utf8")).toBe("old\n");
  closeSync(open);
  expect([adminToken(state), statSync(file).mode & 0o777, readdirSync(state)]).toEqual([
    "a-new-one",
    0o600,
    ["admin-token"],
  ]);
});
