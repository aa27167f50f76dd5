import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { freePort } from "../../../cli/demo/process.ts";
import { startProduct, type Product } from "../../../cli/demo/product.ts";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { findProgram } from "../../bench/harness/tools.ts";
import { startNginxWith } from "../../bench/harness/nginx.ts";
import { pypiEdge } from "../../support/node/command.ts";
import { Place } from "../../support/node/clients/place.ts";
import { WAYS, type Way } from "../../support/node/clients/private.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { Rig } from "../../support/node/rig.ts";
import { Team, upload } from "../../support/node/team.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/one-machine.md"), "utf8");

/** The second server's configuration, as the page has it. */
const CONFIGURATION = /```toml\n([^]*?)```/.exec(PAGE)?.[1] ?? "";

const nginx = findProgram("nginx");

/** A token of the first server that reads and uploads, made before it is backed up. */
let before: string;

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
  before = await team.token({ scopes: ["read", "upload"] });
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

describe.skipIf(!nginx)("a second server made of a backup, behind nginx as docs/one-machine.md has it", () => {
  test("gives what the first hosted to its tokens while that is stopped, and takes no uploads", async () => {
    const made = join(state, "restored");
    const backup = join(state, "first.tar");
    for (const words of [
      ["backup", backup, "--state", first.state],
      ["restore", backup, "--state", made],
    ])
      expect(await pypiEdge(words, state)).toMatchObject({ code: 0 });
    const standby = await startProduct(first.witness.index, made);
    const [, block = ""] = /```nginx\n([^]*?)```/.exec(PAGE) ?? [];
    const port = await freePort();
    const settings = block
      .replace("listen 443 ssl;", `listen 127.0.0.1:${port};`)
      .replaceAll("10.0.0.1:8787", new URL(first.index).host)
      .replaceAll("10.0.0.2:8787", new URL(standby.index).host);
    const front = await startNginxWith(nginx ?? "", join(state, "nginx"), settings, port);
    try {
      const page = async () =>
        (
          await fetch(`http://127.0.0.1:${port}/team/simple/acme-tools/`, {
            headers: { Authorization: `Bearer ${before}` },
          })
        ).status;
      const wheel = await buildWheel({ name: "acme-new", version: "1.0" });
      const sent = async () => (await upload(`http://127.0.0.1:${port}/team/legacy/`, before, wheel)).status;
      expect([await page(), await sent()]).toEqual([200, 200]);
      await first.stop();
      expect([await page(), await sent()]).toEqual([200, 502]);
    } finally {
      await first.start();
      await front.stop();
      await standby.stop();
    }
  });
});
