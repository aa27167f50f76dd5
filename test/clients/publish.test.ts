import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { fakeIndex } from "../support/node/fake-index/fake-index.ts";
import { Gateway } from "../support/node/gateway.ts";
import { PUBLISHERS } from "../support/node/publishers/table.ts";
import { Rig } from "../support/node/rig.ts";
import { Team } from "../support/node/team.ts";
import { listed, publish } from "./publishing/situations.ts";

let rig: Rig;
let team: Team;
let gateway: Gateway;
beforeAll(async () => {
  rig = await Rig.open(fakeIndex([], () => "pypi"));
  team = new Team(rig);
  gateway = await new Gateway(() => new URL(rig.index).origin).start();
});
afterAll(async () => {
  await gateway?.stop();
  await rig?.close();
});

// Whether publishing works at all: test/clients/matrix has every client in every situation.
test.for((["twine", "uv"] as const).map((name) => ({ name, label: PUBLISHERS[name].label })))(
  "$label publishes a wheel and an sdist, which are there at once",
  async ({ name }, { skip }) => {
    const home = inject("publishers").homes[name];
    skip(home === undefined, "not available on this machine");
    if (home === undefined) return;
    const token = await team.token({ scopes: ["upload"], projects: [`${name}shop`] });
    const stage = { publisher: PUBLISHERS[name].publisher(home), team, gateway, token };
    const { outcome, files } = await publish(stage, `${name}shop`);
    expect(outcome.code, outcome.output).toBe(0);
    expect(await listed(stage, `${name}shop`)).toEqual(files);
  },
);
