import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { run } from "../../../cli/demo/process.ts";
import type { Findings } from "../../support/node/behind-gap.ts";

const PROGRAM = join(import.meta.dirname, "../../support/node/behind-gap.ts");

/** Runs a program where there is no network but the loopback of its own. */
const withoutNetwork = (program: readonly string[]) =>
  run("unshare", ["-rn", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", ...program], { timeoutMs: 200_000 });

const { homes } = inject("supplies");

test("behind an air gap clients install what was carried there, as the guard lets them", async ({ skip, task }) => {
  const [pipHome, uvHome] = [homes.pip, homes["uv-pip"]];
  skip(!pipHome || !uvHome, "there are no clients");
  if (!pipHome || !uvHome) return;
  const canBeAlone = (await withoutNetwork(["true"])).code === 0;
  skip(!canBeAlone, "this machine makes no network namespace: unshare -rn");
  const uv = join(uvHome.site, "bin", "uv");
  const { code, output } = await withoutNetwork([process.execPath, PROGRAM, pipHome.python, uv]);
  expect([code, output]).toEqual([0, expect.stringContaining('{"outside"')]);
  const line = output.split("\n").find((each) => each.startsWith("{")) ?? "";
  const found = JSON.parse(line) as Findings;
  expect(found).toMatchObject({
    outside: "ENETUNREACH",
    installs: {
      pip: [0, "1.1"],
      "pip in a dated view": [0, "1.0"],
      "uv sync --frozen": [0, "1.1"],
      "pip after a restart": [0, "1.1"],
    },
    lockedHere: true,
  });
  expect(found.commands["import"]).toMatch(/default, step 1: \d+ members sent, .*; it is whole\./);
  expect(found.commands["lock carried"]).toMatch(/uv\.lock: \d+ URLs mapped to those of http:\/\/127\.0\.0\.1:\d+\./);
  expect(found.unmapped).toMatch(/sandwich|lunchbox/);
  expect(found.said).toMatch(/is ready at .* \(offline, with what is carried to carried, stored in /);
  expect(found.said).not.toMatch(/reach|ENOTFOUND|EAI_AGAIN/);
  expect(found.refused).toMatch(/No matching distribution found for sandwich==2\.0/);
  expect(found.absent).toMatch(/No matching distribution found for requests/);
  task.meta.summary = "In a network namespace without a route, pip and uv sync install what was exported and imported.";
});
