import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { freshEnvironment } from "../../../cli/demo/environment.ts";
import { pip, uv, type Installer } from "../../../cli/demo/installer.ts";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { freePort, run, startServer } from "../../../cli/demo/process.ts";
import { PROJECT_FOLDER } from "../../../cli/lib/project-folder.ts";
import { inSeconds } from "../../../worker/duration.ts";

/** The commands of README for the package: what installs it, and what starts it. */
const README = readFileSync(join(PROJECT_FOLDER, "README.md"), "utf8");
const [, install = "", serve = ""] = /^(npm install .*\.tgz) && npx pypi-edge (serve)$/m.exec(README) ?? [];

const { homes } = inject("supplies");
const upstream = inject("upstreams")?.json;

const folder = temporaryDirectory();
beforeAll(async () => {
  const { code, output } = await run("npm", ["pack", "--pack-destination", folder], { cwd: PROJECT_FOLDER });
  if (code !== 0) throw new Error(output);
});
afterAll(() => removeDirectory(folder));

/** Does something, and tells how long that took. */
async function timed<Result>(work: () => Promise<Result>): Promise<readonly [Result, string]> {
  const begun = performance.now();
  const result = await work();
  return [result, `${inSeconds(performance.now() - begun).toFixed(1)} s`];
}

test("from the tarball in an empty folder, README's commands lead to the first install with pip and uv", async ({
  skip,
  task,
}) => {
  const [pipHome, uvHome] = [homes.pip, homes["uv-pip"]];
  skip(!pipHome || !uvHome || !upstream, "there are no clients, or no index to install from");
  if (!pipHome || !uvHome || !upstream) return;
  const empty = join(folder, "empty");
  mkdirSync(empty);
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
  expect(install).toBe(`npm install ./${tarball}`);
  const words = ["install", "--offline", join(folder, tarball)];
  const [installed, installing] = await timed(() => run("npm", words, { cwd: empty }));
  expect([installed.code, installed.output]).toEqual([0, expect.any(String)]);

  const port = await freePort();
  const options = ["--port", `${port}`, "--upstream", `${upstream}/simple/`, "--state", join(folder, "state")];
  const [server, starting] = await timed(() =>
    startServer("npx", ["--offline", "pypi-edge", serve, ...options], /\bready\b/, { cwd: empty }),
  );
  const clients: readonly Installer[] = [pip("pip", pipHome.python), uv("uv", join(uvHome.site, "bin", "uv"))];
  const figures = [`npm install ${installing}`, `npx pypi-edge serve ${starting} to its first answer`];
  try {
    for (const client of clients) {
      const into = await freshEnvironment("python3");
      const index = `http://127.0.0.1:${port}/simple/`;
      const [{ code, output }, lasting] = await timed(() => client.install("requests", index, into));
      expect([code, output]).toEqual([0, expect.any(String)]);
      figures.push(`${client.label} install requests ${lasting}`);
    }
  } finally {
    await server.stop();
  }
  task.meta.summary = `From the tarball to the first install: ${figures.join(", ")}.`;
});
