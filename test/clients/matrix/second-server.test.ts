import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { startProduct, type Product } from "../../../cli/demo/product.ts";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { pypiEdge } from "../../support/node/command.ts";
import { Place } from "../../support/node/clients/place.ts";
import { WAYS, type Way } from "../../support/node/clients/private.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { Rig } from "../../support/node/rig.ts";
import { Team, upload } from "../../support/node/team.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/one-machine.md"), "utf8");

/** The second server's configuration, as the page has it. */
const CONFIGURATION = /```toml\n([^]*?)```/.exec(PAGE)?.[1] ?? "";

const { homes } = inject("supplies");
const ways = WAYS.filter(({ client, by }) => (client === "pip" || client === "uv-pip") && by === "the address");

const state = temporaryDirectory();
let first: Rig;
let second: Product;
let token: string;

beforeAll(async () => {
  const [picnic, tools, other] = await Promise.all(
    ["picnic", "acme-tools", "acme-other"].map((name) => buildWheel({ name, version: "1.0" })),
  );
  if (!picnic || !tools || !other) throw new Error("nothing was built");
  first = await Rig.open(fakeIndex([picnic], () => "pypi"));
  const team = new Team(first);
  const writer = await team.token({ scopes: ["upload"] });
  for (const wheel of [tools, other]) await upload(team.legacy(), writer, wheel);
  const config = join(state, "second.toml");
  writeFileSync(config, CONFIGURATION.replace("https://one.example.com/team/simple/", team.simple));
  const env = { ONE_LOGIN: `__token__:${await team.token({ scopes: ["read"] })}` };
  second = await startProduct(first.witness.index, join(state, "state"), { config, env });
  const made = await pypiEdge(
    [
      "token",
      "create",
      "--index",
      "team",
      "--scope",
      "read",
      "--name",
      "ci",
      "--state",
      join(state, "state"),
      "--url",
      new URL("/", second.index).href,
    ],
    state,
  );
  token = /pypi-edge_[\w-]+/.exec(made.output)?.[0] ?? made.output;
});
afterAll(async () => {
  await second?.stop();
  await first?.close();
  removeDirectory(state);
});

async function expectInstalled({ client, ...way }: Way, requirement: string): Promise<void> {
  const home = homes[client];
  const place = await Place.make();
  try {
    if (!home) throw new Error(`${client} is missing`);
    const simple = second.index.replace("/simple/", "/team/simple/");
    const { code, output } = await way.install(requirement, { simple, token }, place, home);
    expect([code, output]).toEqual([0, expect.any(String)]);
  } finally {
    place.remove();
  }
}

describe("a second server that has the first one among its sources, as docs/one-machine.md has it", () => {
  test.for(ways)(
    "gives $client what it has once given, while the first is stopped, and no other absence",
    async (way, { skip }) => {
      skip(homes[way.client] === undefined);
      await expectInstalled(way, "acme-tools");
      await expectInstalled(way, "picnic");
      await first.stop();
      try {
        await expectInstalled(way, "acme-tools");
        const headers = { Authorization: `Bearer ${token}` };
        const page = await fetch(new URL("/team/simple/acme-other/", second.index), { headers });
        expect([page.status, await page.text()]).toEqual([503, expect.any(String)]);
      } finally {
        await first.start();
      }
    },
  );
});
