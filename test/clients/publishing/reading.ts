import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { Place } from "../../support/node/clients/place.ts";
import { WAYS, type Way } from "../../support/node/clients/private.ts";
import { CLIENTS } from "../../support/node/clients/table.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { Rig } from "../../support/node/rig.ts";
import { Team, upload } from "../../support/node/team.ts";

const VERSIONS = "import importlib.metadata as m; print(*(m.version(name) for name in ('lunchbox', 'bread')))";

/** Clients install from the team's index with a token, each in the ways among these; by default in all that it has. */
export function reads(chosen: (way: Way) => boolean = () => true): void {
  describe("a hosted project that needs one of the public index", () => {
    let rig: Rig;
    let team: Team;
    let token: string;
    beforeAll(async () => {
      const [lunchbox, bread, decoy] = await Promise.all([
        buildWheel({ name: "lunchbox", version: "1.0", requires: ["bread"] }),
        buildWheel({ name: "bread", version: "2.0" }),
        // Of the hosted name, in a version that clients would prefer.
        buildWheel({ name: "lunchbox", version: "99.0" }),
      ]);
      rig = await Rig.open(fakeIndex([bread, decoy], () => "pypi"));
      team = new Team(rig);
      token = await team.token({ scopes: ["read"] });
      const { status, said } = await upload(team.legacy(), await team.token({ scopes: ["upload"] }), lunchbox);
      expect(status, said).toBe(200);
    });
    afterAll(() => rig?.close());

    test.for(WAYS.filter(chosen).map((way) => ({ way, label: CLIENTS[way.client].label, by: way.by })))(
      "$label installs with the token from $by",
      async ({ way }, { skip }) => {
        const home = inject("supplies").homes[way.client];
        skip(home === undefined, "not available on this machine");
        if (home === undefined) return;
        const place = await Place.make();
        try {
          const { code, output } = await way.install("lunchbox", { simple: team.simple, token }, place, home);
          expect(code, output).toBe(0);
          expect((await place.python(VERSIONS)).output.trim()).toBe("1.0 2.0");
          expect(rig.witness.log.filter(({ path }) => path.includes("lunchbox"))).toEqual([]);
        } finally {
          place.remove();
        }
      },
    );
  });
}
