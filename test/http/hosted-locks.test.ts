import { unpackTar } from "modern-tar";
import { describe, expect, test } from "vitest";
import type { StoreSummary } from "../../worker/locks/warm-report.ts";
import { host, teamOf } from "../support/hosted.ts";
import { packaged } from "../support/locked.ts";
import { Rig } from "../support/rig.ts";

const MERGED = teamOf({ merge: ["demo"] });
const FORK = "demo-1.0+fork1-py3-none-any.whl";

/** A team that hosts `acme`, and a fork of `demo`, which is upstream as well; and a lock of all three files. */
async function locking() {
  const rig = new Rig(MERGED);
  const { wheel } = await packaged("demo");
  await rig.upstream.publish("demo", [wheel]);
  const acme = await host("acme", "acme-1.0-py3-none-any.whl", { metadata: "Name: acme\n" });
  const fork = await host("demo", FORK);
  const lock = [
    `acme==1.0 --hash=sha256:${acme.sha256}`,
    `demo==1.0+fork1 --hash=sha256:${fork.sha256}`,
    "demo==1.0",
    "",
  ].join("\n");
  return { rig, wheel, acme, fork, lock };
}

const summaryOf = (text: string) => JSON.parse(text.trimEnd().split("\n").at(-1) ?? "") as StoreSummary;

describe("a lock of hosted and of mirrored files", () => {
  test("has nothing but the mirrored ones to be fetched", async () => {
    const { rig, lock } = await locking();
    rig.meanwhile = () => rig.deliver();
    const summary = summaryOf((await rig.post("warm?filename=requirements.txt&index=team", lock)).text());
    expect(summary).toMatchObject({ done: true, files: 3, metadata: 2, alreadyStored: 3, pending: [] });
    expect(rig.upstream.requests.filter((line) => /acme|fork/.test(line))).toEqual([]);
  });

  test("is a wheelhouse of both", async () => {
    const { rig, wheel, acme, fork, lock } = await locking();
    const answer = await rig.post("wheelhouse?filename=requirements.txt&index=team", lock);
    expect(answer.status).toBe(200);
    const members = await unpackTar(answer.body, { strict: true });
    expect(members.map(({ header, data }) => [header.name, data])).toEqual([
      ["acme-1.0-py3-none-any.whl", acme.bytes],
      [FORK, fork.bytes],
      [wheel.filename, wheel.bytes],
    ]);
  });

  test("is refused where a hosted name is locked with another index's file, and no upstream is asked", async () => {
    const rig = new Rig(MERGED);
    const { wheel } = await packaged("acme");
    await rig.upstream.publish("acme", [wheel]);
    await host("acme", "acme-2.0-py3-none-any.whl");
    for (const route of ["warm", "wheelhouse"]) {
      const answer = await rig.post(`${route}?filename=requirements.txt&index=team`, "acme==1.0\n");
      expect([answer.status, answer.text()]).toEqual([422, expect.stringContaining("acme 1.0 has no file")]);
    }
    expect(rig.upstream.requests).toEqual([]);
  });

  test("is 503 while the database does not answer, and no upstream is asked", async () => {
    const { rig, lock } = await locking();
    rig.breakOnce("d1.prepare");
    const answer = await rig.post("wheelhouse?filename=requirements.txt&index=team", lock);
    expect([answer.status, rig.upstream.requests.filter((line) => line.includes("acme"))]).toEqual([503, []]);
  });
});
