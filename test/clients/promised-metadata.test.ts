import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Outcome } from "../../cli/demo/process.ts";
import { buildWheel } from "../../cli/demo/wheel.ts";
import type { Client } from "../support/node/clients/client.ts";
import { Place } from "../support/node/clients/place.ts";
import { fakeIndex } from "../support/node/fake-index/fake-index.ts";
import { Rig } from "../support/node/rig.ts";
import { actor } from "./cast.ts";

describe("over an index that advertises .metadata and answers 404 for it", () => {
  let rig: Rig;
  beforeAll(async () => {
    const { metadata: _, ...promised } = await buildWheel({ name: "picnic", version: "1.0" });
    rig = await Rig.open(fakeIndex([promised], () => "pypi"));
  });
  afterAll(() => rig?.close());

  test.for([actor("pip"), actor("uv-pip")])(
    "$name gives up, and installs through pypi-edge, which answers",
    async ({ available, client }, { skip }) => {
      skip(!available, "not available on this machine");
      const alone = await directly(client());
      expect(alone.code).not.toBe(0);
      expect(alone.output).toContain("picnic-1.0-py3-none-any.whl.metadata");
      const { code, output } = await rig.install(client(), "picnic", ["picnic"]);
      expect(code, output).toBe(0);
    },
  );

  /** How an install without pypi-edge ends. */
  async function directly(client: Client): Promise<Outcome> {
    const place = await Place.make();
    const outcome = await client.install("picnic", rig.witness.index, place);
    place.remove();
    return outcome;
  }
});
