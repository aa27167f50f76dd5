import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { PIP_OPTIONS } from "../../cli/demo/installer.ts";
import { buildWheel } from "../../cli/demo/wheel.ts";
import { Place } from "../support/node/clients/place.ts";
import { fakeIndex } from "../support/node/fake-index/fake-index.ts";
import { paths, Rig } from "../support/node/rig.ts";
import { actor } from "./cast.ts";

const home = inject("supplies").homes.pip;

let rig: Rig;
beforeAll(async () => {
  const [older, { metadata: _, ...newer }, basket] = await Promise.all([
    buildWheel({ name: "picnic", version: "0.9" }),
    buildWheel({ name: "picnic", version: "1.0", requires: ["basket"] }),
    buildWheel({ name: "basket", version: "1.0" }),
  ]);
  // The page has metadata for one wheel, so that the other's is not made up here.
  const content = [older, { ...newer, metadataSha256: undefined }, basket];
  rig = await Rig.open(fakeIndex(content, () => "pypi"));
});
afterAll(() => rig?.close());

test(`${actor("pip").name} with --use-feature=fast-deps reads a wheel's metadata by HEAD and ranges`, async ({
  skip,
}) => {
  skip(home === undefined);
  const place = await Place.make();
  const where = ["--index-url", rig.index, "--target", place.environment.site];
  const install = ["-m", "pip", "install", ...PIP_OPTIONS, "-v", "--use-feature=fast-deps", ...where, "picnic"];
  const { code, output } = await place.run(home?.python ?? "", install);
  const imported = await place.python("import picnic, basket");
  place.remove();
  expect(code, output).toBe(0);
  expect(output).toMatch(/Obtaining dependency information from picnic/);
  expect(output).not.toMatch(/does not support range requests/i);
  expect(imported.code, imported.output).toBe(0);
  expect(paths(rig.witness.take(), "picnic-1.0-py3-none-any.whl.metadata")).toEqual([]);
});
