import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { bareVariables } from "../../cli/demo/environment.ts";
import { removeDirectory, temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { run } from "../../cli/demo/process.ts";
import type { Access } from "../../cli/demo/witness.ts";
import { paths, type Rig } from "../support/node/rig.ts";
import { installers, openRig } from "./cast.ts";

const REQUIREMENT = "requests[socks]";
const PROJECTS = ["certifi", "charset-normalizer", "idna", "pysocks", "requests", "urllib3"];
const whole = (requests: readonly Access[]) =>
  paths(
    requests.filter(({ method, status }) => method === "GET" && status === 200),
    ".whl",
  );
const partial = (requests: readonly Access[]) => requests.filter(({ status }) => status === 206);
const all = installers();
const uv = all.find(({ name }) => name.startsWith("uv "));

describe.skipIf(!all.some(({ available }) => available))("over an index that has no metadata", () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig("html");
  });
  afterAll(() => rig?.close());

  test(`${uv?.name} resolves ${REQUIREMENT}, and not one wheel is fetched whole from upstream`, async ({ skip }) => {
    skip(!uv?.available);
    const folder = temporaryDirectory();
    const requirements = join(folder, "requirements.in");
    writeFileSync(requirements, `${REQUIREMENT}\n`);
    const binary = join(inject("supplies").homes["uv-pip"]?.site ?? "", "bin", "uv");
    const options = ["--no-config", "--no-cache", "--no-python-downloads", "--default-index", rig.index];
    rig.witness.take();
    const { code, output } = await run(binary, ["pip", "compile", ...options, requirements], { env: bareVariables() });
    removeDirectory(folder);
    expect(code, output).toBe(0);
    for (const project of PROJECTS) expect(output).toContain(`${project}==`);
    const requests = rig.witness.take();
    expect(whole(requests)).toEqual([]);
    expect(partial(requests).length).toBeGreaterThanOrEqual(PROJECTS.length);
  });

  test.for(all)(
    `$name installs ${REQUIREMENT} by that metadata, and finds it to be the wheels' own`,
    async ({ available, client }, { skip }) => {
      skip(!available);
      const { code, output, requests } = await rig.install(client(), REQUIREMENT, ["requests", "socks"]);
      expect(code, output).toBe(0);
      expect(paths(requests, ".metadata").length).toBeLessThanOrEqual(1);
    },
  );
});
