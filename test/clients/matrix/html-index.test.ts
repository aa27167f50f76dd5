import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Rig } from "../../support/node/rig.ts";
import { installers, openRig } from "../cast.ts";

const REQUIREMENT = "requests[socks]";
const MODULES = ["requests", "socks"];
const all = installers();

describe.skipIf(!all.some(({ available }) => available))("over an index that knows HTML only", () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig("html");
  });
  afterAll(() => rig?.close());

  test.for(all)(
    `$name installs ${REQUIREMENT}, and a second time without asking the upstream`,
    async ({ available, client }, { skip }) => {
      skip(!available);
      const first = await rig.install(client(), REQUIREMENT, MODULES);
      expect(first.code, first.output).toBe(0);
      const second = await rig.install(client(), REQUIREMENT, MODULES);
      expect(second.code, second.output).toBe(0);
      expect(second.requests).toEqual([]);
    },
  );
});
