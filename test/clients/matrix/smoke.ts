import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { WitnessSource } from "../../../cli/demo/witness.ts";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import type { ClientName } from "../../support/node/clients/table.ts";
import { smallContent } from "../../support/node/fake-index/content.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { Rig } from "../../support/node/rig.ts";
import { actor } from "../cast.ts";

/**
 * Whether these clients work at all, over an index whose pages name no digest of a wheel's metadata.
 *
 * @param open starts pypi-edge
 */
export function smoke(
  names: readonly ClientName[],
  open: (source: WitnessSource) => Promise<Rig> = (source) => Rig.open(source),
): void {
  const { backends } = inject("supplies");
  // A project for each client, which is cold when that client comes; what it depends on may not be.
  const cases = names.map((name) => ({
    ...actor(name),
    project: `lunch-${name}`,
    module: `lunch_${name.replaceAll("-", "_")}`,
  }));

  describe.skipIf(backends === null)("over an index like PyPI", () => {
    let rig: Rig;
    beforeAll(async () => {
      const own = cases.map(({ project }) => buildWheel({ name: project, version: "1.0", requires: ["picnic"] }));
      // Every client takes a core-metadata of true, which is what an index says that does not know the digest.
      const undigested = (await Promise.all(own)).map((wheel) => ({ ...wheel, metadataSha256: undefined }));
      const content = [...(await smallContent(backends ?? "")), ...undigested];
      rig = await open(fakeIndex(content, () => "pypi"));
    });
    afterAll(() => rig?.close());

    test.for(cases)(
      "$name installs from an upstream, and again without a cache of its own or the upstream being asked",
      async ({ available, client, project, module }, { skip }) => {
        skip(!available);
        const modules = [module, "picnic", "basket", "sandwich", "bread"];
        const first = await rig.install(client(), project, modules);
        expect(first.code, first.output).toBe(0);
        expect(first.requests.map(({ path }) => path)).toContain(`/simple/${project}/`);
        const second = await rig.install(client(), project, modules);
        expect(second.code, second.output).toBe(0);
        expect(second.requests).toEqual([]);
      },
    );
  });
}
