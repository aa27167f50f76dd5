import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bareVariables } from "../../../cli/demo/environment.ts";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { freePort, run } from "../../../cli/demo/process.ts";
import { startProduct } from "../../../cli/demo/product.ts";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { Witness } from "../../../cli/demo/witness.ts";
import { CLI } from "../../support/node/command.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { optionsOf } from "../../support/node/serve-options.ts";
import { serveInWorkerd } from "../../support/node/workerd/serve.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/self-host.md"), "utf8");
const CHAPTER = PAGE.slice(PAGE.indexOf("\n## Moving\n")).split("\n## ")[1] ?? "";
const [OUT = "", BACK = ""] = [...CHAPTER.matchAll(/```console\n([^]*?)```/g)].map(([, block]) => block);

const TOKEN = "the-admin-token-of-the-deployments";
const work = temporaryDirectory();
const [moveFolder, state] = [join(work, "move"), join(work, "machine")];

type Served = Awaited<ReturnType<typeof serveInWorkerd>>;
const open: Served[] = [];
let upstream: Witness;

/** A deployment in workerd, over simulated stores. */
async function deployed(name: string) {
  mkdirSync(join(work, name));
  const port = await freePort();
  const options = ["--port", `${port}`, "--upstream", upstream.index, "--admin-token", TOKEN];
  const served = await serveInWorkerd(
    optionsOf(...options, "--state", join(work, name), "--public-url", "https://pypi.example.com"),
  );
  open.push(served);
  return { url: `http://127.0.0.1:${port}`, bucket: await served.miniflare.getR2Bucket("FILES") };
}

type Deployment = Awaited<ReturnType<typeof deployed>>;

beforeAll(async () => {
  const wheel = await buildWheel({ name: "public", version: "1.0" });
  upstream = await new Witness(fakeIndex([wheel], () => "pypi")).start();
  const bin = join(work, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "npx"), `#!/bin/sh\nshift\nexec ${process.execPath} ${CLI} "$@"\n`, { mode: 0o755 });
});
afterAll(async () => {
  await Promise.all(open.map((each) => each.stop()));
  await upstream?.stop();
  removeDirectory(work);
});

/** What rclone does in the page's commands. */
async function rclone(words: string, { bucket }: Deployment): Promise<void> {
  if (words.startsWith("copy r2:")) {
    for (const { key } of (await bucket.list()).objects) {
      const file = join(moveFolder, key);
      mkdirSync(dirname(file), { recursive: true });
      const object = await bucket.get(key);
      writeFileSync(file, Buffer.from(object ? await object.arrayBuffer() : []));
    }
  } else if (words.startsWith("copy")) {
    for (const entry of await readdir(moveFolder, { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name);
      if (entry.isFile()) await bucket.put(relative(moveFolder, file), await readFile(file));
    }
  } else {
    const { objects } = await bucket.list({ prefix: "move/" });
    await bucket.delete(objects.map(({ key }) => key));
  }
}

/** Has the commands of a block done; what they print must be what the page has. */
async function follow(block: string, deployment: Deployment): Promise<void> {
  const places: Readonly<Record<string, string>> = {
    "https://pypi.example.com": deployment.url,
    "/mnt/move": moveFolder,
    "/var/lib/pypi-edge": state,
  };
  const env = {
    ...bareVariables(),
    PATH: `${join(work, "bin")}:${process.env["PATH"]}`,
    PYPI_EDGE_TOKEN: TOKEN,
    XDG_CONFIG_HOME: work,
  };
  let said = "";
  for (const [, line = ""] of block.matchAll(/^\$ (.*)$/gm)) {
    said += `$ ${line}\n`;
    if (line.startsWith("rclone ")) {
      await rclone(line.slice("rclone ".length), deployment);
      continue;
    }
    const real = Object.entries(places).reduce((text, [name, place]) => text.replaceAll(name, place), line);
    const { output } = await run("sh", ["-c", `exec 2>&1\n${real}`], { cwd: work, env });
    said += Object.entries(places).reduce((text, [name, place]) => text.replaceAll(place, name), output);
  }
  expect(normal(said)).toBe(normal(block));
}

/** Empty lines separate nothing here. */
const normal = (text: string) => text.replaceAll(/\n+/g, "\n").trim();

test("from a deployment to a machine and into another deployment, as the page has it, with all that was uploaded", async () => {
  const first = await deployed("first");
  const { filename, bytes } = await buildWheel({ name: "acme-tools", version: "1.0" });
  writeFileSync(join(work, filename), bytes);
  const upload = ["upload", join(work, filename), "--index", "team", "--url", first.url, "--token", TOKEN];
  expect((await run(process.execPath, [CLI, ...upload])).code).toBe(0);
  const page = await fetch(`${first.url}/simple/public/`);
  expect([page.status, (await page.text()).includes("public-1.0")]).toEqual([200, true]);
  await follow(OUT, first);

  const machine = await startProduct(upstream.index, state, {
    also: ["--public-url", "https://pypi.example.com", "--admin-token", TOKEN],
  });
  try {
    expect(await hosted(machine.index.replace("/simple/", ""))).toContain(filename);
  } finally {
    await machine.stop();
  }
  await rm(moveFolder, { recursive: true });

  const second = await deployed("second");
  await follow(BACK, second);
  expect(await hosted(second.url)).toContain(filename);
});

async function hosted(url: string): Promise<string> {
  const answer = await fetch(`${url}/team/simple/acme-tools/`, { headers: { Authorization: `Bearer ${TOKEN}` } });
  return answer.text();
}
