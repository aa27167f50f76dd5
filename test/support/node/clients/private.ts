import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PIP_OPTIONS, UV_OPTIONS, UV_PATIENCE } from "../../../../cli/demo/installer.ts";
import type { Outcome } from "../../../../cli/demo/process.ts";
import { inTurn } from "./client.ts";
import type { Place } from "./place.ts";
import type { ClientName, Home } from "./table.ts";

/** An index that is read with a token. */
export interface PrivateIndex {
  readonly simple: string;
  readonly token: string;
}

/** One way to give a client its token. */
export interface Way {
  readonly client: ClientName;
  /** How it comes to the token. */
  readonly by: string;
  install(requirement: string, index: PrivateIndex, place: Place, home: Home): Promise<Outcome>;
}

const USER = "__token__";

/** Every client with each way that its documentation has for it. */
export const WAYS: readonly Way[] = [
  {
    client: "pip",
    by: "the address",
    install: (requirement, index, place, home) => pip(["--index-url", withToken(index)], requirement, place, home),
  },
  {
    client: "pip",
    by: ".netrc",
    install: (requirement, index, place, home) => {
      netrc(index, place);
      return pip(["--index-url", index.simple], requirement, place, home);
    },
  },
  {
    client: "pip",
    by: "a keyring",
    install: (requirement, index, place, home) =>
      pip(
        ["--keyring-provider", "subprocess", "--index-url", index.simple],
        requirement,
        place,
        home,
        keyring(index, place),
      ),
  },
  {
    client: "uv-pip",
    by: "the address",
    install: (requirement, index, place, home) => uv(["--default-index", withToken(index)], requirement, place, home),
  },
  {
    client: "uv-pip",
    by: ".netrc",
    install: (requirement, index, place, home) => {
      netrc(index, place);
      return uv(["--default-index", index.simple], requirement, place, home);
    },
  },
  {
    client: "uv-pip",
    by: "a keyring",
    install: (requirement, index, place, home) =>
      uv(
        ["--keyring-provider", "subprocess", "--default-index", withUser(index)],
        requirement,
        place,
        home,
        keyring(index, place),
      ),
  },
  {
    client: "uv-pip",
    by: "UV_INDEX_TEAM_USERNAME and UV_INDEX_TEAM_PASSWORD",
    install: (requirement, { simple, token }, place, home) =>
      uv(["--default-index", `team=${simple}`], requirement, place, home, {
        UV_INDEX_TEAM_USERNAME: USER,
        UV_INDEX_TEAM_PASSWORD: token,
      }),
  },
  {
    client: "uv-project",
    by: "UV_INDEX_TEAM_USERNAME and UV_INDEX_TEAM_PASSWORD",
    install: (requirement, { simple, token }, place, { site }) => {
      project(place, requirement, `[[tool.uv.index]]\nname = "team"\nurl = "${simple}"\ndefault = true\n`);
      const variables = { ...UV_PATIENCE, UV_INDEX_TEAM_USERNAME: USER, UV_INDEX_TEAM_PASSWORD: token };
      // The index is in the project's own file, which --no-config would have it pass over.
      const options = UV_OPTIONS.filter((option) => option !== "--no-config");
      return place.run(join(site, "bin", "uv"), ["sync", ...options], variables);
    },
  },
  {
    client: "poetry",
    by: "http-basic",
    install: (requirement, { simple, token }, place, { python }) => {
      const source = `[[tool.poetry.source]]\nname = "team"\nurl = "${simple}"\n`;
      project(place, requirement, `[tool.poetry]\npackage-mode = false\n${source}`);
      const variables = {
        POETRY_HTTP_BASIC_TEAM_USERNAME: USER,
        POETRY_HTTP_BASIC_TEAM_PASSWORD: token,
        POETRY_VIRTUALENVS_IN_PROJECT: "true",
        POETRY_KEYRING_ENABLED: "false",
      };
      const run = (command: string) => place.run(python, ["-m", "poetry", command, "--no-interaction"], variables);
      return inTurn(run("lock"), () => run("sync"));
    },
  },
  {
    client: "pdm",
    by: "a variable in the address",
    install: (requirement, index, place, { python }) => {
      const url = withToken({ ...index, token: "${TEAM_TOKEN}" });
      project(place, requirement, `[[tool.pdm.source]]\nname = "pypi"\nurl = "${url}"\n`);
      const variables = { PDM_CHECK_UPDATE: "0", TEAM_TOKEN: index.token };
      const run = (...args: string[]) => place.run(python, ["-m", "pdm", ...args], variables);
      return inTurn(run("lock"), () => run("sync", "--no-self"));
    },
  },
];

function pip(
  source: readonly string[],
  requirement: string,
  place: Place,
  { python }: Home,
  variables: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  const where = [...source, "--target", place.environment.site];
  return place.run(python, ["-m", "pip", "install", ...PIP_OPTIONS, ...where, requirement], variables);
}

function uv(
  source: readonly string[],
  requirement: string,
  place: Place,
  { site }: Home,
  variables: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  const where = [...source, "--python", place.environment.python];
  const args = ["pip", "install", ...UV_OPTIONS, ...where, requirement];
  return place.run(join(site, "bin", "uv"), args, { ...UV_PATIENCE, ...variables });
}

const withToken = ({ simple, token }: PrivateIndex) => simple.replace("://", `://${USER}:${token}@`);
const withUser = ({ simple }: PrivateIndex) => simple.replace("://", `://${USER}@`);

function netrc({ simple, token }: PrivateIndex, place: Place): void {
  place.atHome(".netrc", `machine ${new URL(simple).hostname} login ${USER} password ${token}\n`);
}

/** A `keyring` command that knows the index's host, and nothing else; pip asks it for JSON, uv for the password. */
function keyring({ simple, token }: PrivateIndex, place: Place): NodeJS.ProcessEnv {
  const text = `#!/bin/sh
case "$*" in
  *json*${new URL(simple).host}*) echo '{"username": "${USER}", "password": "${token}"}' ;;
  *${new URL(simple).host}*) echo '${token}' ;;
  *) exit 1 ;;
esac
`;
  const bin = dirname(place.atHome("bin/keyring", text, 0o700));
  return { PATH: `${bin}:${process.env["PATH"]}` };
}

function project(place: Place, requirement: string, settings: string): void {
  const text = `[project]
name = "app"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["${requirement}"]
`;
  writeFileSync(join(place.folder, "pyproject.toml"), `${text}\n${settings}`);
}
