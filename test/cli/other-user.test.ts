import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { CLI } from "../support/node/command.ts";

/** A user that owns nothing, where the tests run as root, which no mode stops. */
const OTHER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

const folder = temporaryDirectory();
afterAll(() => removeDirectory(folder));

function asOther(...words: string[]): { readonly code: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...words], {
    ...OTHER,
    cwd: "/",
    encoding: "utf8",
    timeout: 30_000,
  });
  return { code: status, output: stdout + stderr };
}

test.for(["", "below"])(
  "a state directory that the user may not write is refused in a sentence: DIRECTORY/%s",
  (below, { skip }) => {
    skip(asOther("--version").code !== 0, "another user cannot read the checkout");
    const directory = join(folder, "data");
    mkdirSync(directory, { recursive: true });
    chmodSync(folder, 0o755);
    chmodSync(directory, 0o555);
    const user = OTHER.uid ?? process.getuid?.();
    expect(asOther("serve", "--state", join(directory, below))).toEqual({
      code: 1,
      output: `The state directory ${join(directory, below)} cannot be used by the user ${user}: permission denied. Give it to the user ${user} (chown; in a container, the volume's owner), or choose another one with --state DIR.\n`,
    });
  },
);
