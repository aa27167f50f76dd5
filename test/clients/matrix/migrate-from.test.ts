import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bareVariables } from "../../../cli/demo/environment.ts";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { freePort, run, startServer, type StartedServer } from "../../../cli/demo/process.ts";
import { buildWheel, type Wheel } from "../../../cli/demo/wheel.ts";
import { Witness } from "../../../cli/demo/witness.ts";
import { buildSdist } from "../../support/node/fake-index/sdist.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { unattested } from "../../support/node/fake-index/unattested.ts";
import type { Distribution } from "../../support/node/fake-index/distribution.ts";
import { provideEnvironment } from "../../support/node/provision.ts";
import { Rig } from "../../support/node/rig.ts";
import { Team } from "../../support/node/team.ts";
import { consoleBlocks, replay } from "../../support/node/transcript.ts";
import { uploadFields } from "../../support/upload-fields.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/migrate-from.md"), "utf8");

/** The peers whose folders and addresses the page names, and what they are made of. */
const DEVPI = ["devpi-server==6.20.3"];
const PYPISERVER = ["pypiserver==2.4.2", "passlib==1.7.4"];
const BANDERSNATCH = ["bandersnatch==6.8.0"];

const LOGIN = "reader:s3cret";

const work = temporaryDirectory();
const servers: StartedServer[] = [];
let rig: Rig;
let source: Witness;
let wheels: readonly Wheel[];
let contents: readonly Distribution[];

beforeAll(async () => {
  const named = ["acme-tools 1.0", "acme-tools 1.1", "acme-widgets 2.0"].map((each) => each.split(" "));
  wheels = await Promise.all(named.map(([name = "", version = ""]) => buildWheel({ name, version })));
  contents = [
    ...wheels.map((wheel) => (wheel.version === "1.0" ? { ...wheel, yanked: "It lost data." } : wheel)),
    buildSdist("acme", "0.9"),
  ];
  const index = unattested(fakeIndex(contents, () => "pypi"));
  rig = await Rig.open(index);
  source = await new Witness((request) => {
    const isKnown = request.headers.authorization === `Basic ${Buffer.from(LOGIN).toString("base64")}`;
    return isKnown ? index(request) : Promise.resolve({ status: 401, headers: {}, body: Buffer.from("") });
  }).start();
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await source?.stop();
  await rig?.close();
  removeDirectory(work);
});

/** Has the console block below a heading of the page run; its output must be the page's, but for the time that it took. */
async function follow(heading: string, places: Readonly<Record<string, string>>): Promise<void> {
  await rig.startAnew();
  const [block = ""] = consoleBlocks(PAGE, `## ${heading}`);
  const token = readFileSync(join(rig.state, "admin-token"), "utf8").trim();
  const env = { PYPI_EDGE_URL: new URL("/", rig.index).href, PYPI_EDGE_TOKEN: token };
  const shown = await replay(block, { folder: work, places, env });
  expect(normal(shown)).toBe(normal(block));
}

/** Without what differs from run to run, and without progress, which a terminal does not keep. */
const normal = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "" && !/^\d+ of \d+ files$/.test(line))
    .map((line) => line.replace(/ in \d+\.\d s\.$/, " in N s.").replaceAll(/ {2,}/g, "  "))
    .join("\n");

const hosted = async (project: string) =>
  (await new Team(rig).hosted(project)).map(({ filename, sha256 }) => `${filename} ${sha256}`).toSorted();

const expected = (project: string) =>
  contents
    .filter((file) => file.project === project)
    .map(({ filename, sha256 }) => `${filename} ${sha256}`)
    .toSorted();

/** A Python that has the peer, or a skipped test. */
async function peer(requirements: readonly string[], skip: (isMissing: boolean) => void): Promise<string> {
  const environment = await provideEnvironment(requirements);
  skip(environment === null);
  return environment?.python ?? "";
}

async function serving(python: string, words: readonly string[], port: number): Promise<string> {
  const options = { env: bareVariables(), cwd: work };
  servers.push(await startServer(python, words, { port }, options));
  return `http://127.0.0.1:${port}`;
}

describe("docs/migrate-from.md", () => {
  test("from devpi, as the page has it: from its folder, and from its address", async ({ skip }) => {
    const python = await peer(DEVPI, skip);
    const folder = join(work, "devpi");
    const module = (name: string) => ["-c", `import sys; from devpi_server.${name}; sys.exit(main())`];
    const init = [...module("init import init as main"), "--serverdir", folder, "--no-root-pypi"];
    expect((await run(python, init, { env: bareVariables() })).code).toBe(0);
    const port = await freePort();
    const origin = await serving(
      python,
      [...module("main import main"), "--serverdir", folder, "--port", `${port}`],
      port,
    );
    const put = (path: string, body: object, auth?: string) =>
      fetch(`${origin}${path}`, {
        method: "PUT",
        body: JSON.stringify(body),
        headers: { "Content-Type": "application/json", ...(auth && { Authorization: auth }) },
      });
    const basic = `Basic ${Buffer.from("acme:secret").toString("base64")}`;
    expect((await put("/acme", { password: "secret" })).status).toBe(201);
    expect((await put("/acme/prod", { type: "stage", volatile: false }, basic)).status).toBe(200);
    for (const wheel of wheels) {
      const form = new FormData();
      for (const [name, value] of Object.entries(uploadFields(wheel))) form.set(name, value);
      form.set("content", new Blob([Buffer.from(wheel.bytes)]), wheel.filename);
      const headers = { Authorization: basic };
      expect((await fetch(`${origin}/acme/prod/`, { method: "POST", headers, body: form })).status).toBe(200);
    }
    await follow("devpi", { "/srv/devpi": folder, "https://devpi.example.com": origin });
    expect(await hosted("acme-tools")).toEqual(expected("acme-tools"));
  });

  test("from pypiserver, as the page has it: from its folder, and from its address with a password", async ({
    skip,
  }) => {
    const python = await peer(PYPISERVER, skip);
    const folder = join(work, "packages");
    const odd = join(work, "odd");
    for (const each of [folder, odd]) mkdirSync(each);
    for (const { filename, bytes } of contents) writeFileSync(join(folder, filename), bytes);
    writeFileSync(join(folder, "acme-0.1.zip"), "PK");
    writeFileSync(join(folder, "acme_widgets-1.9-py3-none-any.whl"), (wheels[0] as Wheel).bytes);
    // The hash of "s3cret", by SHA-1: passlib reads it without a library beside it.
    writeFileSync(join(work, "htpasswd"), "reader:{SHA}/vNB+F2HQ559kaLUZbmHHvZrXpg=\n");
    const port = await freePort();
    const words = ["-m", "pypiserver", "run", "-i", "127.0.0.1", "-p", `${port}`, "--disable-fallback"];
    const rights = ["-P", join(work, "htpasswd"), "-a", "list,download,update", "--backend", "simple-dir", folder];
    const origin = await serving(python, [...words, ...rights], port);
    await follow("pypiserver", { "/srv/packages": folder, "/srv/odd": odd, "https://old.example.com": origin });
    expect(await hosted("acme-tools")).toEqual(expected("acme-tools"));
    expect(await hosted("acme")).toEqual(expected("acme"));
  });

  test("from a bandersnatch mirror, as the page has it", async ({ skip }) => {
    const python = await peer(BANDERSNATCH, skip);
    const folder = join(work, "mirror");
    const conf = join(work, "bandersnatch.conf");
    const index = await new Witness(fakeIndex(contents, () => "pypi")).start();
    const upstream = new URL("/", index.index).href.replace(/\/$/, "");
    writeFileSync(
      conf,
      `[mirror]\ndirectory = ${folder}\nmaster = ${upstream}\nallow-non-https = true\napi-method = simple\nstop-on-error = true\n[plugins]\nenabled = allowlist_project\n[allowlist]\npackages =\n    acme\n    acme-tools\n    acme-widgets\n`,
    );
    const words = ["-m", "bandersnatch.main", "--config", conf, "mirror"];
    const mirrored = await run(python, words, { env: bareVariables(), cwd: work });
    await index.stop();
    expect([mirrored.code, mirrored.output]).toEqual([0, expect.any(String)]);
    await follow("bandersnatch", { "/srv/mirror": folder });
    expect(await hosted("acme-tools")).toEqual(expected("acme-tools"));
  });

  test("from any index with the Simple API, as the page has it", async () => {
    await follow("Any other index", { "https://pypi.example.com/simple/": source.index });
    for (const project of ["acme", "acme-tools", "acme-widgets"])
      expect(await hosted(project)).toEqual(expected(project));
  });
});
