import { buildWheel } from "../../../../cli/demo/wheel.ts";
import { buildSdist } from "../../../support/node/fake-index/sdist.ts";
import { fakeIndex } from "../../../support/node/fake-index/fake-index.ts";
import { sixtyDaysLater, uploadAll } from "../../../support/node/kept-team.ts";
import type { Rig } from "../../../support/node/rig.ts";
import { Team } from "../../../support/node/team.ts";
import { digestOf, type Act } from "./kill.ts";

const RELEASES = 8;

interface Row {
  readonly version: string;
  readonly object: string | null;
  readonly trashed: string | null;
}

/** Releases that an index does not keep: all but the newest of a project, each of a wheel and an sdist. */
export function prunes(): Act {
  let token: string;
  return {
    name: "prunes",
    source: fakeIndex([], () => "pypi"),
    sizes: [RELEASES],
    async prepare(rig) {
      token = await new Team(rig).token({ scopes: ["upload"] });
    },
    async round(rig, name, size) {
      const team = new Team(rig);
      const versions = Array.from({ length: size }, (_, at) => `${at + 1}.0`);
      const wheels = await Promise.all(versions.map((version) => buildWheel({ name, version })));
      const files = [...wheels, ...versions.map((version) => buildSdist(name, version))];
      await uploadAll(team, token, files);
      sixtyDaysLater(rig);
      return {
        what: `${size} releases`,
        size,
        begin: () =>
          rig.ask("jobs/prune", Buffer.alloc(0)).then(
            async (answer) => (answer.status === 200 ? "confirmed" : answer.text()),
            () => "cut",
          ),
        look: async () => stateOf(rig, name, size) === 1,
        async again() {
          const answer = await rig.ask("jobs/prune", Buffer.alloc(0));
          if (answer.status !== 200 || stateOf(rig, name, size) !== 1) throw new Error(await answer.text());
          const restored = await rig.ask(`indexes/team/projects/${name}/1.0/restore`, Buffer.alloc(0));
          if (restored.status !== 200) throw new Error(await restored.text());
          const found = (await team.hosted(name)).map(({ filename, bytes }) => `${filename} ${digestOf(bytes)}`);
          const wanted = files
            .filter(({ version }) => version === "1.0" || version === `${size}.0`)
            .map(({ filename, bytes }) => `${filename} ${digestOf(bytes)}`);
          if (found.toSorted().join() !== wanted.toSorted().join()) throw new Error(`there is ${found.join(", ")}`);
        },
      };
    },
  };
}

/** How many releases are there; throws where one is there in part, or a file of it neither there nor in the trash. */
function stateOf(rig: Rig, project: string, size: number): number {
  const rows = rig.rows<Row>(
    "database",
    `SELECT version, object, trashed FROM hosted_file WHERE project = '${project}'`,
  );
  const releases = Map.groupBy(rows, ({ version }) => version);
  if (releases.size !== size) throw new Error(`${releases.size} releases are left of ${size}`);
  let there = 0;
  for (const [version, files] of releases) {
    const states = new Set(files.map(({ object, trashed }) => `${object !== null} ${trashed !== null}`));
    const [state = ""] = states;
    if (files.length !== 2 || states.size !== 1 || !["true false", "false true"].includes(state))
      throw new Error(`${version} is there in part: ${JSON.stringify(files)}`);
    if (state === "true false") there += 1;
  }
  return there;
}
