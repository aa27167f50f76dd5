import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { parse } from "smol-toml";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { parseConfig } from "../../../schema/config.ts";
import { GithubJob } from "../../support/node/github-job.ts";
import { GitlabJob } from "../../support/node/gitlab-job.ts";
import { Team } from "../../support/node/team.ts";
import { parseYaml } from "../../support/node/yaml.ts";
import { AUDIENCE, CiStage } from "./ci-stage.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const PAGE = readFileSync(join(ROOT, "docs", "ci.md"), "utf8").split("\n## Warm a lock")[0] ?? "";

interface Block {
  readonly language: string;
  readonly text: string;
}

/** The blocks of the page, by the heading above them. In a block, a line that begins with `#` is no heading. */
function sectionsOf(page: string): ReadonlyMap<string, readonly Block[]> {
  const sections = new Map<string, Block[]>();
  let heading = "";
  for (const [, language, text = "", title] of page.matchAll(/^```(\w+)\n([^]*?)^```$|^#+ (.+)$/gm)) {
    if (title !== undefined) heading = title;
    if (language !== undefined) sections.set(heading, [...(sections.get(heading) ?? []), { language, text }]);
  }
  return sections;
}

const SECTIONS = sectionsOf(PAGE);

const { homes } = inject("supplies");
const uv = homes["uv-project"];
const { pip, poetry, pdm } = homes;

let stage: CiStage;
let token: string;
let bin: string;
beforeAll(async () => {
  if (!uv) return;
  stage = await CiStage.open(uv);
  token = await new Team(stage.rig).token({ scopes: ["read", "warm"] });
  bin = join(stage.place.folder, "bin");
  mkdirSync(bin);
  for (const [name, script] of Object.entries(COMMANDS)) {
    const file = join(bin, name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }
});
afterAll(() => stage?.close());
beforeEach(() => stage?.reset());

/** Clients by the names that a shell knows them by; and what is not on this machine, which only notes that it was called. */
const COMMANDS: Readonly<Record<string, string>> = {
  uv: `exec "${join(uv?.site ?? "", "bin", "uv")}" "$@"`,
  pip: `if [ "$1" = install ]; then set -- "$@" --target pip-site; fi\nexec "${pip?.python}" -m pip "$@"`,
  poetry: `exec "${poetry?.python}" -m poetry "$@"`,
  pdm: `exec "${pdm?.python}" -m pdm "$@"`,
  "buildkite-agent": `[ "$*" = "oidc request-token --audience ${AUDIENCE}" ] && printf %s "$IDENTITY"`,
  docker: 'echo "docker $*" >> called',
  pixi: 'echo "pixi $*" >> called',
};

const blocksOf = (heading: string) =>
  (SECTIONS.get(heading) ?? []).map(({ language, text }) => ({
    language,
    text: text
      .replaceAll(
        "https://__token__:$TOKEN@pypi.example.com",
        stage.root.replace(/^http:\/\/(.*)\/$/, "http://__token__:$TOKEN@$1"),
      )
      .replaceAll("https://pypi.example.com", stage.root.slice(0, -1)),
  }));

const variables = async () => ({
  PATH: [bin, process.env["PATH"]].join(delimiter),
  TOKEN: token,
  IDENTITY: await stage.issuer.token(AUDIENCE),
  UV_NO_CACHE: "1",
  UV_PYTHON_DOWNLOADS: "never",
  POETRY_VIRTUALENVS_IN_PROJECT: "true",
  POETRY_KEYRING_ENABLED: "false",
  PDM_CHECK_UPDATE: "0",
});

/** Runs a script as a job does; returns what it printed. */
async function shell(script: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const { code, output } = await stage.place.run("sh", ["-ec", script], { ...(await variables()), ...more });
  expect(code, output).toBe(0);
  return output;
}

const textOf = (file: string) => readFileSync(join(stage.place.folder, file), "utf8");

const project = (settings = "") =>
  writeFileSync(
    join(stage.place.folder, "pyproject.toml"),
    `[project]\nname = "app"\nversion = "0.1.0"\nrequires-python = ">=3.11"\ndependencies = ["picnic"]\n${settings}`,
  );

/** What is done with each section's blocks. A section that is not here fails the test of all. */
const EXECUTED: Readonly<Record<string, () => Promise<void>>> = {
  "In CI": async () => {
    const [block] = blocksOf("In CI");
    const { vars } = parse(block?.text ?? "") as { vars: Record<string, unknown> };
    const shipped = parse(readFileSync(join(ROOT, "wrangler.toml"), "utf8"))["vars"] as Record<string, unknown>;
    expect(parseConfig({ ...shipped, ...vars }).trusted).toHaveLength(1);
  },
  GitHub: async () => {
    const [block] = blocksOf("GitHub");
    const workflow = parseYaml(block?.text ?? "") as unknown as {
      permissions: Record<string, string>;
      jobs: { test: { steps: { uses?: string; run?: string; with?: Record<string, string> }[] } };
    };
    expect(workflow.permissions["id-token"]).toBe("write");
    const job = new GithubJob(stage.place, stage.identityVariables);
    for (const step of workflow.jobs.test.steps) {
      if (step.uses?.includes("/pypi-edge@")) expect(await job.main(step.with ?? {})).toMatchObject({ code: 0 });
      if (step.run !== undefined) await shell(step.run, job.variables);
    }
    expect(await job.post()).toMatchObject({ code: 0 });
    job.remove();
    expect(await stage.place.versionOf("picnic")).not.toMatch(/Error/);
  },
  GitLab: async () => {
    const [block] = blocksOf("GitLab");
    const { test: job } = parseYaml(block?.text ?? "") as unknown as {
      test: { extends: string; variables: Record<string, string>; script: string[] };
    };
    expect(job.extends).toBe(".pypi-edge");
    const gitlab = new GitlabJob(stage.place, (audience) => stage.issuer.token(audience));
    const { code, output } = await gitlab.run(job.script, { ...(await variables()), ...job.variables });
    expect(code, output).toBe(0);
    expect(output).toContain('"done":true');
  },
  "Buildkite, and any other": async () => {
    const [block] = blocksOf("Buildkite, and any other");
    expect(await shell(block?.text ?? "")).toContain('"done":true');
    expect(textOf("uv.lock")).toBe(stage.original);
  },
  Docker: async () => {
    const [dockerfile, build] = blocksOf("Docker");
    await shell(build?.text ?? "");
    expect(textOf("called")).toContain("docker build --secret id=pypi-edge,env=TOKEN .");
    const run = /^RUN --mount=type=secret,id=pypi-edge,env=(\w+) \\\n([^]*)/m.exec(dockerfile?.text ?? "");
    await shell(run?.[2] ?? "exit 1", { [run?.[1] ?? ""]: token });
    expect(await stage.place.versionOf("picnic")).not.toMatch(/Error/);
  },
  uv: async () => {
    await shell(`rm uv.lock\n${blocksOf("uv")[0]?.text ?? ""}`);
    expect(textOf("uv.lock")).toContain(`${stage.root}team/files/`);
  },
  pip: async () => {
    expect(await shell(blocksOf("pip")[0]?.text ?? "")).toContain("Successfully installed");
  },
  poetry: async () => {
    const source = `[[tool.poetry.source]]\nname = "team"\nurl = "${stage.root}team/simple/"\n`;
    project(`[tool.poetry]\npackage-mode = false\n${source}`);
    expect(await shell(blocksOf("poetry")[0]?.text ?? "")).toContain("Installing picnic");
    project();
  },
  pdm: async () => {
    await shell(blocksOf("pdm")[0]?.text ?? "");
    expect(textOf("pdm.lock")).toContain('name = "picnic"');
  },
  pixi: async () => {
    const url = /https?:\S+picnic-1\.0-py3-none-any\.whl/.exec(stage.original)?.[0] ?? "";
    writeFileSync(
      join(stage.place.folder, "pixi.lock"),
      `version: 7\nenvironments:\n  default:\n    packages:\n      linux-64:\n      - pypi: ${url}\npackages:\n- pypi: ${url}\n  name: picnic\n`,
    );
    await shell(blocksOf("pixi")[0]?.text ?? "");
    expect(textOf("pixi.lock").match(new RegExp(`pypi: ${stage.root}team/files/`, "g"))).toHaveLength(2);
    expect(textOf("called")).toContain("pixi install --frozen");
  },
};

test("each section of docs/ci.md with blocks is executed; of Docker and pixi only the commands are called, not there", () => {
  expect([...SECTIONS.keys()]).toEqual(Object.keys(EXECUTED));
});

test.skipIf(!uv || !pip || !poetry || !pdm).each(Object.keys(EXECUTED))(
  "docs/ci.md does what it says: %s",
  async (heading) => {
    await expect(EXECUTED[heading]?.()).resolves.toBeUndefined();
  },
);

test.skipIf(!uv)(
  "a job of any other service ends with the reason where its identity token is not exchanged",
  async () => {
    const [block] = blocksOf("Buildkite, and any other");
    const env = { ...(await variables()), IDENTITY: await stage.issuer.token("another-audience") };
    const { code, output } = await stage.place.run("sh", ["-ec", block?.text ?? ""], env);
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(/^The identity token was not exchanged: .*it is meant for \(aud\)/),
    ]);
    expect(textOf("uv.lock")).toBe(stage.original);
  },
);
