import { beforeEach, describe, expect, test } from "vitest";
import { policyReport } from "../../schema/policy-report.ts";
import { DAY } from "../../worker/duration.ts";
import { at, DEMO, file, HELD, NOW, OLD, YOUNG } from "../support/guarded.ts";
import { uvLock } from "../support/locked.ts";
import { call } from "../support/releases.ts";
import { Rig } from "../support/rig.ts";

const INDEXES = {
  default: { sources: ["pypi"], policy: { min_age: "3d", deny: ["evil", "fine==2.0"] } },
  open: { sources: ["pypi"] },
};

/** A wheel of another project. */
const wheel = (name: string, version: string, uploadedAt: number) => ({
  ...file(version, uploadedAt),
  filename: `${name}-${version}-py3-none-any.whl`,
});

let rig: Rig;
beforeEach(async () => {
  rig = new Rig({ INDEXES });
  await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
  await rig.upstream.publish("fine", [wheel("fine", "1.0", NOW - 9 * DAY), wheel("fine", "2.0", NOW - 9 * DAY)]);
});

async function report(lock: string, query = "filename=requirements.txt") {
  const { status, text } = await rig.post(`policy/report?${query}`, lock);
  expect([status, text()]).toEqual([200, expect.any(String)]);
  return policyReport.parse(JSON.parse(text()));
}

describe("the report on a lock", () => {
  test("says of each package whether it is allowed, held, blocked or unknown", async () => {
    const lock = "demo==1.0\ndemo==2.0\nfine==1.0\nfine==2.0\nevil==1.0\nnone==1.0\nfine==3.0\n";
    const { pins, counts } = await report(lock);
    expect(pins.map(({ project, version, status }) => `${project} ${version} ${status}`)).toEqual([
      "demo 1.0 allowed",
      "demo 2.0 held",
      "fine 1.0 allowed",
      "fine 2.0 blocked",
      "fine 3.0 unknown",
      "evil 1.0 blocked",
      "none 1.0 unknown",
    ]);
    expect(counts).toEqual({ allowed: 2, held: 1, blocked: 2, unknown: 2 });
    expect(pins[1]).toEqual({
      project: "demo",
      version: "2.0",
      status: "held",
      until: at(NOW + 2 * DAY),
      files: 1,
      refused: 1,
      verified: 0,
      publishers: [],
      rules: [{ rule: "min-age", sentence: HELD }],
    });
    expect(pins[5]?.rules).toEqual([{ rule: "deny", sentence: "evil is refused: index default denies evil." }]);
    expect(pins[6]?.reason).toBe("No source of https://edge.test/simple/ has it.");
  });

  test("has an exempted package as allowed, and one of an upstream that fails as unknown", async () => {
    const exemption = { index: "default", kind: "exemption", what: ["demo==2.0"], reason: "x", expires: "1d" };
    await call(rig, "POST", "policy/entries", exemption);
    expect((await report("demo==2.0\n")).counts.allowed).toBe(1);
    rig.upstream.down = true;
    rig.restart();
    const [pin] = (await report("fine==1.0\n")).pins;
    expect([pin?.status, pin?.reason]).toEqual(["unknown", expect.stringContaining("cannot be used right now")]);
  });

  test("looks at the files that the lock names, for the platform that is asked about", async () => {
    const late = { ...wheel("fine", "1.0", NOW - DAY), filename: "fine-1.0-cp312-cp312-win_amd64.whl" };
    const old = wheel("fine", "1.0", NOW - 9 * DAY);
    await rig.upstream.publish("fine", [old, late]);
    const [both, one] = await Promise.all([[old, late], [old]].map((files) => uvLock([{ name: "fine", files }])));
    const statuses = async (lock: string | undefined, query: string) =>
      (await report(lock ?? "", query)).pins.map(({ status, files, refused }) => [status, files, refused]);
    expect(await statuses(both, "filename=uv.lock")).toEqual([["held", 2, 1]]);
    expect(await statuses(one, "filename=uv.lock")).toEqual([["allowed", 1, 0]]);
    expect(await statuses(both, "filename=uv.lock&platform=manylinux_2_28_x86_64")).toEqual([["allowed", 1, 0]]);
  });

  test("is of an index with a policy, for readers with a token", async () => {
    const asked = (index: string, headers: Record<string, string> = {}) =>
      rig.post(`policy/report?filename=requirements.txt&index=${index}`, "demo==1.0\n", headers);
    const open = await asked("open");
    expect([open.status, open.text()]).toEqual([400, expect.stringContaining("Index open has no policy")]);
    expect((await asked("default", { Authorization: "Bearer none" })).status).toBe(401);
  });
});

test("a lock that names a held version is not warmed, and the sentence says until when", async () => {
  const lock = await uvLock([{ name: "demo", files: [YOUNG] }]);
  for (const path of ["warm", "wheelhouse"]) {
    const answer = await rig.post(`${path}?filename=uv.lock`, lock);
    expect([answer.status, answer.text()]).toEqual([422, expect.stringMatching(/uv\.lock line \d+: .* is held until/)]);
    expect(answer.text()).toContain(HELD);
  }
  const blocked = await rig.post("warm?filename=requirements.txt", "fine==2.0\n");
  expect([blocked.status, blocked.text()]).toEqual([422, expect.stringContaining("index default denies fine==2.0")]);
  expect(blocked.text()).toContain(". pypi-edge policy report says it of every package of the lock.");
  await rig.upstream.publish("young", [{ ...YOUNG, filename: "young-1.0-py3-none-any.whl" }]);
  const whole = await rig.post("warm?filename=requirements.txt", "young==1.0\n");
  expect([whole.status, whole.text()]).toEqual([
    422,
    expect.stringMatching(
      /^requirements\.txt line 1: Every file of young is refused\. .* pypi-edge policy report says/,
    ),
  ]);
  const missing = await rig.post("warm?filename=requirements.txt", "fine==3.0\n");
  expect([missing.status, missing.text()]).toEqual([422, expect.stringContaining("has no file at")]);
});
