import { expect, test } from "vitest";
import { teamOf } from "../support/hosted.ts";
import { Rig } from "../support/rig.ts";

test("all routes are matched by one regular expression", async () => {
  const rig = new Rig(teamOf({}));
  await rig.get("/-/health");
  expect(rig.router).toBe("SmartRouter + RegExpRouter");
});
