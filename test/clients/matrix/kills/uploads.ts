import { fakeIndex } from "../../../support/node/fake-index/fake-index.ts";
import { Team, upload, type Hosted } from "../../../support/node/team.ts";
import type { Wheel } from "../../../../cli/demo/wheel.ts";
import { digestOf, wheelOf, type Act } from "./kill.ts";

/** Uploads: a large one is mostly transfer, a small one mostly transaction. */
export function uploads(): Act {
  let team: Team;
  let token: string;
  return {
    name: "uploads",
    source: fakeIndex([], () => "pypi"),
    sizes: [20_000, 20_000_000, 200_000],
    async prepare(rig) {
      team = new Team(rig);
      token = await team.token({ scopes: ["upload"] });
    },
    async round(_, name, size) {
      const wheel = await wheelOf(name, size);
      return {
        what: `${size} bytes`,
        size,
        begin: () =>
          upload(team.legacy(), token, wheel).then(
            ({ status, said }) => (status === 200 ? "confirmed" : said),
            () => "cut",
          ),
        async look() {
          const files = await team.hosted(wheel.project);
          if (files.length > 0) checkWhole(files, wheel);
          return files.length > 0;
        },
        async again(isThere) {
          const { status, said } = await upload(team.legacy(), token, wheel);
          if (status !== 200 || said.includes("already") !== isThere) throw new Error(`${status} ${said}`);
          checkWhole(await team.hosted(wheel.project), wheel);
        },
      };
    },
  };
}

function checkWhole(files: readonly Hosted[], { filename, sha256 }: Wheel): void {
  const found = files.map((file) => `${file.filename} ${file.sha256} ${digestOf(file.bytes)}`);
  if (found.join() !== `${filename} ${sha256} ${sha256}`) throw new Error(`there is ${found.join(", ")}`);
}
