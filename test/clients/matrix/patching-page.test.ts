import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { bareVariables, type Environment } from "../../../cli/demo/environment.ts";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { freePort, run, startServer } from "../../../cli/demo/process.ts";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { Place } from "../../support/node/clients/place.ts";
import { readWheel } from "../../support/node/fake-index/content.ts";
import type { Distribution } from "../../support/node/fake-index/distribution.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { provideEnvironment, provideWheels } from "../../support/node/provision.ts";
import { Rig } from "../../support/node/rig.ts";
import { consoleBlocks, replay } from "../../support/node/transcript.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/patching.md"), "utf8");
const SDIST = "tomli-2.5.0.tar.gz";
const FIXTURE = join(import.meta.dirname, "../../fixtures/sdists", SDIST);
const DEVPI = ["devpi-server==6.20.3", "devpi-client==7.3.0"];
/** Without configuration files, whose comments look like headings. */
const TRANSCRIPTS = PAGE.replaceAll(/```toml\n[^]*?```\n/g, "");
/** The first transcript of the page. */
const MAIN = "# Patching a release";
const PATIENCE = 300_000;

/** The first block of a language in the page. */
const block = (language: string) => new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(PAGE)?.[1] ?? "";

const work = temporaryDirectory();
const uv = inject("supplies").homes["uv-pip"];
const pip = inject("supplies").homes["pip"];
let rig: Rig;
let canBuild = false;

beforeAll(async () => {
  const backend = await provideWheels("flit-core==4.2.0");
  canBuild = uv !== undefined && pip !== undefined && backend !== null;
  if (!canBuild) return;
  const config = join(work, "team.toml");
  writeFileSync(config, `${block("toml")}read = "anyone"\n`);
  const app = { name: "acme-app", version: "1.0", requires: ["tomli>=2.0"] };
  const content = [
    ...(await Promise.all(readdirSync(backend ?? "").map((name) => readWheel(join(backend ?? "", name))))),
    sdist("2.6.0", await nextRelease()),
    sdist("2.5.0", readFileSync(FIXTURE)),
    await buildWheel({ name: "tomli", version: "2.5.0", files: modules() }),
    await buildWheel(app),
  ];
  rig = await Rig.open(
    fakeIndex(content, () => "pypi"),
    "--config",
    config,
  );
}, PATIENCE);
afterAll(async () => {
  await rig?.close();
  removeDirectory(work);
});

const sdist = (version: string, bytes: Uint8Array): Distribution => ({
  project: "tomli",
  version,
  filename: `tomli-${version}.tar.gz`,
  bytes,
  sha256: createHash("sha256").update(bytes).digest("hex"),
});

/** The sdist of 2.5.0 under the version 2.6.0. */
async function nextRelease(): Promise<Uint8Array> {
  const script = `tar xf ${FIXTURE} && cp -r tomli-2.5.0 tomli-2.6.0 && grep -rlF 2.5.0 tomli-2.6.0 | xargs sed -i "s/2[.]5[.]0/2.6.0/" && tar czf next.tar.gz tomli-2.6.0`;
  const { code, output } = await run("sh", ["-c", script], { cwd: work });
  expect(code, output).toBe(0);
  return readFileSync(join(work, "next.tar.gz"));
}

/** The modules of 2.5.0, which {@link nextRelease} has unpacked, as its wheel has them. */
function modules(): Record<string, Uint8Array> {
  const src = join(work, "tomli-2.5.0", "src");
  const names = readdirSync(join(src, "tomli"));
  return Object.fromEntries(names.map((name) => [`tomli/${name}`, readFileSync(join(src, "tomli", name))]));
}

/** A folder with the programs that a transcript calls by their names; pip installs into `environment`. */
function programs(environment: Environment, folder: string, devpi: string): string {
  const bin = join(folder, "programs");
  mkdirSync(bin);
  const all = {
    uv: join(uv?.site ?? "", "bin", "uv"),
    python: environment.python,
    pip: `${pip?.python} -m pip --python ${environment.python}`,
    devpi,
  };
  for (const [name, command] of Object.entries(all))
    writeFileSync(join(bin, name), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
  return bin;
}

interface Peer {
  /** By what the page says, what it is here. */
  readonly places?: Readonly<Record<string, string>>;
  /** The command that runs devpi's client. */
  readonly devpi?: string;
  /** A transcript whose commands run first. */
  readonly before?: string | undefined;
}

/** Has the transcript below a heading run in a folder with the page's patch, over an empty index. Returns it as it came out, and as the page has it. */
async function follow(heading: string, { places = {}, devpi = "false", before }: Peer = {}) {
  const written = heading === MAIN ? block("console") : consoleBlocks(TRANSCRIPTS, heading).join("");
  await rig.startAnew();
  const place = await Place.make();
  try {
    writeFileSync(join(place.folder, "tomli.patch"), block("diff"));
    for (const [, name = "", text = ""] of PAGE.matchAll(/```toml\n# (\w+)\/pyproject\.toml\n([^]*?)```/g)) {
      mkdirSync(join(place.folder, name));
      writeFileSync(join(place.folder, name, "pyproject.toml"), text);
    }
    const token = readFileSync(join(rig.state, "admin-token"), "utf8").trim();
    const index = rig.index.replace("/simple/", "/team/simple/");
    const env = {
      PATH: `${programs(place.environment, place.folder, devpi)}:${process.env["PATH"]}`,
      HOME: place.folder,
      PYPI_EDGE_URL: new URL("/", rig.index).href,
      PYPI_EDGE_TOKEN: token,
      UV_PUBLISH_TOKEN: token,
      UV_DEFAULT_INDEX: index,
      UV_PYTHON: place.environment.python,
      UV_NO_CONFIG: "1",
      UV_CACHE_DIR: join(place.folder, "cache"),
      UV_PYTHON_DOWNLOADS: "never",
      PIP_INDEX_URL: index,
      PIP_DISABLE_PIP_VERSION_CHECK: "1",
      PIP_NO_CACHE_DIR: "1",
      COLUMNS: "1000",
    };
    const own = { "https://pypi.example.org": new URL(rig.index).origin, "/home/acme": place.folder, ...places };
    const surroundings = { folder: place.folder, env, places: own };
    if (before !== undefined) await replay(before, surroundings);
    const said = await replay(written, surroundings);
    return { said: normal(said), written: normal(written) };
  } finally {
    place.remove();
  }
}

/** The beginning of the transcript by hand: what the page says once. */
const byHandUntil = (command: string) => consoleBlocks(TRANSCRIPTS, "### By hand")[0]?.split(command)[0] ?? "";

/** Without days, empty lines, and how wide columns are. */
const normal = (text: string) =>
  text
    .replaceAll(/\d{4}-\d\d-\d\d/g, "DAY")
    .replaceAll(/\n+/g, "\n")
    .replaceAll(/ {2,}/g, "  ")
    .trimEnd();

describe("docs/patching.md", () => {
  test.for([
    [MAIN, undefined],
    ["### By hand", undefined],
    ["### A wheelhouse", byHandUntil("$ grep")],
    ["### A fork under another name", byHandUntil("$ grep")],
  ] as const)("%s", async ([heading, before], { skip }) => {
    skip(!canBuild);
    const { said, written } = await follow(heading, { before });
    expect(said).toBe(written);
  });

  test("### devpi", async ({ skip }) => {
    const environment = await provideEnvironment(DEVPI);
    skip(!canBuild || environment === null);
    const { python, devpi, init, main } = devpiIn(environment?.python ?? "");
    const data = ["--serverdir", join(work, "devpi")];
    const options = { env: { ...bareVariables(), HOME: work }, cwd: work };
    const made = await run(python, [...init, ...data], options);
    expect(made.code, made.output).toBe(0);
    const port = await freePort();
    const server = await startServer(python, [...main, ...data, "--port", `${port}`], { port }, options);
    try {
      const origin = `http://127.0.0.1:${port}`;
      const setUp = [
        `use ${origin}`,
        "login root --password=",
        `index root/pypi mirror_url=${rig.witness.index}`,
        "user -c acme password=secret",
        "login acme --password=secret",
      ];
      for (const words of setUp) {
        const { code, output } = await run("sh", ["-c", `${devpi} ${words}`], options);
        expect(code, output).toBe(0);
      }
      const places = { "https://devpi.example.com": origin };
      const { said, written } = await follow("### devpi", { places, devpi, before: byHandUntil("$ uv publish") });
      expect(said).toBe(written);
    } finally {
      await server.stop();
    }
  });
});

/** devpi's programs in an environment, whose scripts name another folder; `devpi` is a shell's command, with a home of its own. */
function devpiIn(python: string) {
  const call = (module: string, name: string) => [
    "-c",
    `import sys; from ${module} import ${name}; sys.exit(${name}())`,
  ];
  const [, program = ""] = call("devpi.main", "main");
  return {
    python,
    init: call("devpi_server.init", "init"),
    main: call("devpi_server.main", "main"),
    devpi: `env HOME=${work} ${python} -c '${program}'`,
  };
}
