import { expect, test } from "vitest";
import { buildWheel } from "../../cli/demo/wheel.ts";
import { Witness } from "../../cli/demo/witness.ts";
import { releasesOf } from "../../cli/patch/base.ts";
import { parseProjectName } from "../../worker/pypi/name.ts";
import { fakeIndex } from "../support/node/fake-index/fake-index.ts";

test("the upstream's newest release is one that installers choose: neither yanked, nor a pre-release, nor a fork", async () => {
  const versions = ["1.0", "2.0", "3.0", "4.0rc1", "2.0+team.1"];
  const wheels = await Promise.all(versions.map((version) => buildWheel({ name: "demo", version })));
  const files = wheels.map((wheel) => (wheel.version === "3.0" ? { ...wheel, yanked: "it loses data" } : wheel));
  const upstream = await new Witness(fakeIndex(files, () => "pypi")).start();
  try {
    const releases = await releasesOf(parseProjectName("demo"), { url: new URL(upstream.index), login: "a:b" });
    expect(releases.newestUpstream).toBe("2.0");
    expect(releases.has("3.0")).toBe(true);
    await releases.close();
  } finally {
    await upstream.stop();
  }
});
