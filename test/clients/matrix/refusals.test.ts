import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { paths, type Rig } from "../../support/node/rig.ts";
import { actor, installers, openRig } from "../cast.ts";

// A wheel for each client: what is stored for one would hide the upstream from the next.
const PROJECTS = ["idna", "certifi", "urllib3"];
const NOT_FOUND = /No matching distribution found for|was not found in the package registry/;
const BROKEN_OFF = /do not match the hashes|hash mismatch|incomplete|broken|end of file/i;

const cases = installers().map((one, index) => ({ ...one, project: PROJECTS[index] ?? "" }));
const some = cases.find(({ available }) => available);

describe.skipIf(some === undefined)("refusals", () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig("json");
  });
  afterAll(() => rig?.close());

  test.for(cases)(
    "$name says of an unknown project that there is none, not that a server failed",
    async ({ available, client }, { skip }) => {
      skip(!available);
      const { code, output } = await rig.install(client(), "no-such-project", []);
      expect(code).not.toBe(0);
      expect(output).toMatch(NOT_FOUND);
      expect(output).not.toMatch(/\b50\d\b|retry/i);
    },
  );

  test.for(cases)(
    "$name refuses a wheel that was tampered with upstream, and gets a sound one afterwards",
    async ({ available, client, project }, { skip }) => {
      skip(!available);
      const restore = rig.witness.tamper(".whl");
      const spoiled = await rig.install(client(), project, [project]);
      restore();
      expect(spoiled.code).not.toBe(0);
      expect(spoiled.output).toMatch(BROKEN_OFF);
      expect(paths(spoiled.requests, ".whl")).not.toEqual([]);

      const sound = await rig.install(client(), project, [project]);
      expect(sound.code, sound.output).toBe(0);
      expect(paths(sound.requests, ".whl")).toHaveLength(1);
    },
  );

  test("a tampered wheel is not served when the upstream goes away right after", async () => {
    const client = some?.client();
    if (!client) throw new Error("no client is available");
    const restore = rig.witness.tamper(".whl");
    const spoiled = await rig.install(client, "PySocks", ["socks"]);
    restore();
    await rig.witness.stop();
    const file = await fetch(await fileUrl(rig.index, "pysocks"));
    await rig.witness.start();
    expect(spoiled.code).not.toBe(0);
    expect(file.status).toBe(503);
    expect(file.headers.get("retry-after")).toBe("1");
  });

  test("uv prints the sentence of an outage, in which nothing is stored", async ({ skip }) => {
    const { available, client } = actor("uv-pip");
    skip(!available);
    await rig.witness.stop();
    const { code, output } = await rig.install(client(), "charset-normalizer", []);
    await rig.witness.start();
    expect(code).not.toBe(0);
    expect(output).toMatch(
      /cannot be used right now: .+ What is asked for is not stored here; try again once the upstream can be used\./,
    );
  });
});

/** Where a client would find the only file of this project. */
async function fileUrl(index: string, project: string): Promise<URL> {
  const page = new URL(`${project}/`, index);
  const accept = "application/vnd.pypi.simple.v1+json";
  const response = await fetch(page, { headers: { accept } });
  const { files } = (await response.json()) as { files: readonly { url: string }[] };
  const file = files[0];
  if (file === undefined) throw new Error(`no file on ${page}`);
  return new URL(file.url, page);
}
