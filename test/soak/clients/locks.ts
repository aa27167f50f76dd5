import { unpackTar } from "modern-tar";
import type { Random } from "../../fuzz/random.ts";
import { SECOND } from "../../../worker/duration.ts";
import { ADMIN, type World } from "../world.ts";

/** A client that waits for the upstream leaves after so long. Milliseconds. */
const LEAVES = 15 * SECOND;

/** Has a small lock file's files stored. */
export async function warm(world: World, random: Random): Promise<void> {
  const { body } = lockOf(world, random);
  const path = "/-/api/warm?filename=requirements.txt";
  const heard = await world.ask(path, { method: "POST", headers: ADMIN, body, leaveAt: LEAVES, mayBreak: true });
  if (!world.expect(heard, [200, 503]) || heard.status !== 200) return;
  const last = JSON.parse(heard.body.toString().trim().split("\n").at(-1) ?? "") as {
    done?: boolean;
    problem?: object;
  };
  if (last.done === undefined && last.problem === undefined)
    world.violated(heard, "a summary or a problem as the last line", JSON.stringify(last));
}

/** Asks for a small lock file's files as a tar. */
export async function wheelhouse(world: World, random: Random): Promise<void> {
  const { files, body } = lockOf(world, random);
  const path = "/-/api/wheelhouse?filename=requirements.txt";
  const heard = await world.ask(path, { method: "POST", headers: ADMIN, body, leaveAt: LEAVES, mayBreak: true });
  if (!world.expect(heard, [200, 503]) || heard.status !== 200) return;
  try {
    const members = await unpackTar(heard.body, { strict: true });
    for (const file of files) {
      const data = members.find(({ header }) => header.name.endsWith(file.filename))?.data;
      if (!data || !Buffer.from(data).equals(file.bytes))
        world.violated(heard, `${file.filename} in the tar`, "not so");
    }
  } catch (error) {
    world.violated(heard, "a sound tar", String(error));
  }
}

function lockOf(world: World, random: Random) {
  const files = [1, 2, 3].map(() => random.pick(world.content.first.slice(1)));
  const chosen = files.filter((file, at) => files.findIndex(({ project }) => project === file.project) === at);
  const lines = chosen.map(({ project, version, sha256 }) => `${project}==${version} --hash=sha256:${sha256}\n`);
  return { files: chosen, body: Buffer.from(lines.join("")) };
}
