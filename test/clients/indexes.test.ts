import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { startProduct, type Product } from "../../cli/demo/product.ts";
import { buildWheel } from "../../cli/demo/wheel.ts";
import { Witness } from "../../cli/demo/witness.ts";
import { Place } from "../support/node/clients/place.ts";
import { fakeIndex } from "../support/node/fake-index/fake-index.ts";
import { actor } from "./cast.ts";

const actors = [actor("pip"), actor("uv-pip")];
const state = temporaryDirectory();

let team: Witness;
let torch: Witness;
let pypi: Witness;
let product: Product;

// The same names lie in the public index as well, in versions that a client would prefer.
beforeAll(async () => {
  const [lunchbox, torchlight, bread, decoy, other] = await Promise.all([
    buildWheel({ name: "lunchbox", version: "1.0", requires: ["torchlight", "bread"] }),
    buildWheel({ name: "torchlight", version: "1.0+cpu" }),
    buildWheel({ name: "bread", version: "2.0" }),
    buildWheel({ name: "lunchbox", version: "99.0" }),
    buildWheel({ name: "torchlight", version: "99.0" }),
  ]);
  team = await new Witness(fakeIndex([lunchbox], () => "html only")).start();
  torch = await new Witness(fakeIndex([torchlight, decoy], () => "pytorch")).start();
  pypi = await new Witness(fakeIndex([bread, decoy, other], () => "pypi")).start();
  const config = join(state, "indexes.toml");
  writeFileSync(
    config,
    `[vars.UPSTREAMS]
pypi = { url = "https://pypi.org/simple/" }
torch = { url = "${torch.index}", projects = ["torch*"] }
shelf = { find_links = "${new URL("/links/", team.index).href}" }
[vars.INDEXES]
default = { sources = ["pypi"] }
team = { sources = ["shelf", "torch", "pypi"] }
`,
  );
  product = await startProduct(pypi.index, state, { config });
});
afterAll(async () => {
  await product?.stop();
  await Promise.all([team, torch, pypi].map((witness) => witness?.stop()));
  removeDirectory(state);
});

const VERSIONS = "import importlib.metadata as m; print(*(m.version(n) for n in ('lunchbox', 'torchlight', 'bread')))";

describe("an index over a page of links, PyTorch's index and PyPI", () => {
  test.for(actors)(
    "$name gets each project from the one that has it first, and nothing of the others",
    async ({ available, client }, { skip }) => {
      skip(!available);
      const index = product.index.replace("/simple/", "/team/simple/");
      const place = await Place.make();
      const installed = await client().install("lunchbox", index, place);
      const found = await place.python(VERSIONS);
      place.remove();
      expect(installed.code, installed.output).toBe(0);
      expect(found.output.trim()).toBe("1.0 1.0+cpu 2.0");
      expect(pypi.log.filter(({ path }) => /lunchbox|torchlight/.test(path))).toEqual([]);
      expect(torch.log.filter(({ path }) => /lunchbox|bread/.test(path))).toEqual([]);
    },
  );

  test.for(actors)(
    "$name gets nothing from the public index while the page of links is away",
    async (one, { skip }) => {
      skip(!one.available);
      const index = product.index.replace("/simple/", "/team/simple/");
      await team.stop();
      const place = await Place.make();
      const { code, output } = await one.client().install("lunchbox==99.0", index, place);
      place.remove();
      await team.start();
      expect(code, output).not.toBe(0);
      expect(pypi.log.filter(({ path }) => path.includes("lunchbox"))).toEqual([]);
    },
  );
});
