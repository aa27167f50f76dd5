import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { paths, repeated, type Rig } from "../support/node/rig.ts";
import { installers, offeredWheels, openRig } from "./cast.ts";

const REQUIREMENT = "requests[socks]";
const MODULES = ["requests", "socks", "urllib3", "idna", "certifi", "charset_normalizer"];

// One story in four parts: each part takes up what the one before has left in the store.
describe.for(installers())("$name", ({ available, client }) => {
  describe.skipIf(!available)(`installs ${REQUIREMENT}`, () => {
    let rig: Rig;
    beforeAll(async () => {
      rig = await openRig("json");
    });
    afterAll(() => rig?.close());

    test("and the upstream is asked once for each page and each file, and for nothing else", async () => {
      const { code, output, requests } = await rig.install(client(), REQUIREMENT, MODULES);
      expect(code, output).toBe(0);
      expect(repeated(requests)).toEqual([]);
      expect(requests.filter(({ status }) => status !== 200)).toEqual([]);
      expect(paths(requests, "/")).toHaveLength(offeredWheels().length);
      expect(paths(requests, ".whl").map(filename).toSorted()).toEqual(offeredWheels());
    });

    test("again without a cache of its own, and the upstream is asked for nothing", async () => {
      const { code, output, requests } = await rig.install(client(), REQUIREMENT, MODULES);
      expect(code, output).toBe(0);
      expect(requests).toEqual([]);
    });

    test("while the upstream is away", async () => {
      await rig.witness.stop();
      const { code, output } = await rig.install(client(), REQUIREMENT, MODULES);
      expect(code, output).toBe(0);
    });

    test("while the upstream is away, from what was stored before a restart", async () => {
      await rig.witness.stop();
      await rig.stop();
      await rig.start();
      const { code, output } = await rig.install(client(), REQUIREMENT, MODULES);
      expect(code, output).toBe(0);
    });
  });
});

function filename(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
