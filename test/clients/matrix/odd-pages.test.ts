import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import type { WitnessAnswer, WitnessSource } from "../../../cli/demo/witness.ts";
import { pathOf, type Distribution } from "../../support/node/fake-index/distribution.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { Rig } from "../../support/node/rig.ts";
import { Place } from "../../support/node/clients/place.ts";
import { actor } from "../cast.ts";

/** What stands behind `#` in the link to the wheel of a project, by the project's name. */
const FRAGMENTS: Readonly<Record<string, (bytes: Uint8Array) => string>> = {
  bread: (bytes) => `sha1=${hex("sha1", bytes)}`,
  mustard: (bytes) => `egg=mustard-1.0&amp;SHA224=${hex("sha224", bytes).toUpperCase()}`,
  picnic: (bytes) => `sha256=${hex("sha256", bytes)}&amp;egg=picnic-1.0`,
  tea: () => `sha1=${"0".repeat(40)}`,
};

const hex = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest("hex");

/** An index in HTML whose links have these fragments. */
function oddIndex(wheels: readonly Distribution[]): WitnessSource {
  const files = fakeIndex(wheels, () => "html only");
  return async (request): Promise<WitnessAnswer> => {
    const project = /^\/simple\/([^/]+)\/$/.exec(request.url ?? "")?.[1] ?? "";
    const wheel = wheels.find((file) => file.project === project);
    const fragment = FRAGMENTS[project];
    if (!wheel || !fragment) return files(request);
    const page = `<!DOCTYPE html><html><body><a href="${pathOf(wheel)}#${fragment(wheel.bytes)}">the wheel</a></body></html>`;
    return { status: 200, headers: { "content-type": "text/html" }, body: Buffer.from(page) };
  };
}

describe("over an index whose links have digests that uv does not read", () => {
  let rig: Rig;
  beforeAll(async () => {
    const wheels = Object.keys(FRAGMENTS).map((name) => buildWheel({ name, version: "1.0" }));
    rig = await Rig.open(oddIndex(await Promise.all(wheels)));
  });
  afterAll(() => rig?.close());

  const uv = actor("uv-pip");
  test.skipIf(!uv.available)("uv refuses the page of one without pypi-edge", async () => {
    const place = await Place.make();
    const { code, output } = await uv.client().install("bread", rig.witness.index, place);
    place.remove();
    expect(code, output).not.toBe(0);
    expect(output).toContain("Unsupported hash algorithm");
  });

  for (const client of [uv, actor("pip")]) {
    test.skipIf(!client.available).for(["bread", "mustard", "picnic"])(
      `${client.name} installs %s through pypi-edge, which has verified it`,
      async (name) => {
        const { code, output } = await rig.install(client.client(), name, [name]);
        expect(code, output).toBe(0);
      },
    );
  }

  test.skipIf(!uv.available)(
    "a file whose digest is another is not installed, although uv could not tell",
    async () => {
      const { code, output } = await rig.install(uv.client(), "tea", ["tea"]);
      expect(code, output).not.toBe(0);
      expect(rig.log).toContain("its sha1 is ");
    },
  );
});
