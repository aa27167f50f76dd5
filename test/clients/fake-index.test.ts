import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { Witness } from "../../cli/demo/witness.ts";
import { installFrom } from "../support/node/clients/pip.ts";
import { Place } from "../support/node/clients/place.ts";
import { smallContent } from "../support/node/fake-index/content.ts";
import { fakeIndex } from "../support/node/fake-index/fake-index.ts";
import { actor } from "./cast.ts";

const { homes, backends } = inject("supplies");
const mirroring = actor("bandersnatch");

// An index that no client would take for one proves nothing about what stands between them.
describe.skipIf(backends === null)("the index that clients are tried with", () => {
  let witness: Witness;
  let place: Place;
  beforeAll(async () => {
    const source = fakeIndex(await smallContent(backends ?? ""), () => "pypi");
    [witness, place] = await Promise.all([new Witness(source).start(), Place.make()]);
  });
  afterAll(async () => {
    await witness?.stop();
    place?.remove();
  });

  test.skipIf(!mirroring.available)(`is one that ${mirroring.name} can mirror without pypi-edge`, async () => {
    const { code, output } = await mirroring.client().install("picnic", witness.index, place);
    expect(code, output).toBe(0);
    expect(await place.versionOf("bread")).toBe("1.9");
  });

  test.skipIf(homes.pip === undefined)("has a page for pip's --find-links", async () => {
    const links = ["--no-index", "--find-links", new URL("../links/", witness.index).href];
    const { code, output } = await installFrom(links, homes.pip?.python ?? "", ["mustard"], place);
    expect(code, output).toBe(0);
    expect(await place.versionOf("mustard")).toBe("0.3");
  });

  test("leads from a page to a file's attestations and to its description", async () => {
    const headers = { accept: "application/vnd.pypi.simple.v1+json" };
    const page = await fetch(new URL("gadget/", witness.index), { headers });
    const { files } = (await page.json()) as { files: { provenance: string; url: string }[] };
    const [file] = files;
    const provenance = await fetch(file?.provenance ?? "");
    expect(await provenance.json()).toMatchObject({ version: 1, attestation_bundles: [{ attestations: [{}] }] });
    const api = new URL("../pypi/gadget/1.0+cpu/json", witness.index);
    expect(await (await fetch(api)).json()).toMatchObject({ urls: [{ url: file?.url }] });
  });
});
