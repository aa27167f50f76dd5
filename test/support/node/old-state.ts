/**
 * Makes a state directory as a running server leaves it, packed: `node test/support/node/old-state.ts FILE`, in a checkout of the version
 * whose state is wanted. What is in it stands in test/fixtures/states/README.md.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { builtCommands } from "../../../cli/build/build.ts";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { fakeIndex } from "./fake-index/fake-index.ts";
import { buildSdist } from "./fake-index/sdist.ts";
import { Rig } from "./rig.ts";
import { Team, upload } from "./team.ts";

async function commanded(...words: string[]): Promise<void> {
  const { code, output } = await rig.command(...words);
  if (code !== 0) throw new Error(`${words.join(" ")}: ${output}`);
}

await builtCommands();
const [kept, gone, open] = await Promise.all([
  buildWheel({ name: "kept", version: "1.0" }),
  buildWheel({ name: "gone", version: "0.1" }),
  buildWheel({ name: "public", version: "1.0" }),
]);
const rig = await Rig.open(
  fakeIndex([open], () => "pypi"),
  "--admin-token",
  "the-admin-of-the-old-state",
);
try {
  const team = new Team(rig);
  const token = await team.token({ scopes: ["read", "upload", "yank"] });
  for (const wheel of [kept, gone]) await upload(team.legacy(), token, wheel);
  const sdist = join(temporaryDirectory(), "kept-1.0.tar.gz");
  writeFileSync(sdist, buildSdist("kept", "1.0").bytes);
  await commanded("upload", sdist, "--index", "team", "--token", token);
  await commanded("release", "yank", "kept", "1.0", "--index", "team", "--reason", "has a flaw");
  await commanded("release", "delete", "gone", "0.1", "--index", "team", "--yes");
  // The page, the file and its metadata are stored when they are asked for.
  const page = await fetch(new URL("public/", rig.index), {
    headers: { Accept: "application/vnd.pypi.simple.v1+json" },
  });
  const { files } = (await page.json()) as { files: { url: string }[] };
  const url = new URL(files[0]?.url ?? "", page.url);
  for (const each of [url, `${url.href}.metadata`]) await (await fetch(each)).arrayBuffer();
  await rig.stop();
  execFileSync("tar", ["--exclude=reserve", "-czf", resolve(process.argv[2] ?? ""), "-C", rig.state, "."]);
  console.log(`The token that may read, upload and yank: ${token}`);
} finally {
  await rig.close();
}
