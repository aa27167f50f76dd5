import { join } from "node:path";
import { bandersnatch } from "./bandersnatch.ts";
import type { Client } from "./client.ts";
import { hatch } from "./hatch.ts";
import { pip, pipDownload } from "./pip.ts";
import { pipenv } from "./pipenv.ts";
import { pdm, poetry } from "./project.ts";
import { uvPip, uvProject } from "./uv.ts";

/** A virtual environment that has a client installed. */
export interface Home {
  readonly python: string;
  readonly site: string;
}

/** A client under test, in the version that the tests were written against. Another one is another client. */
interface Entry {
  /** Name and version, as tests and tables show them. */
  readonly label: string;
  readonly requirements: readonly [string, ...string[]];
  client(home: Home): Client;
}

export type ClientName =
  | "pip-oldest"
  | "pip-older"
  | "pip"
  | "pip-download"
  | "uv-pip"
  | "uv-project"
  | "poetry"
  | "pdm"
  | "pipenv"
  | "hatch"
  | "bandersnatch";

const uvIn = ({ site }: Home) => join(site, "bin", "uv");

/** Every client that must work. */
export const CLIENTS: Readonly<Record<ClientName, Entry>> = {
  "pip-oldest": {
    label: "pip 21.3.1",
    requirements: ["pip==21.3.1"],
    client: ({ python }) => pip(python),
  },
  "pip-older": {
    label: "pip 23.0.1",
    requirements: ["pip==23.0.1"],
    client: ({ python }) => pip(python),
  },
  pip: {
    label: "pip 26.3",
    requirements: ["pip==26.3"],
    client: ({ python }) => pip(python),
  },
  "pip-download": {
    label: "pip download 26.3",
    requirements: ["pip==26.3"],
    client: ({ python }) => pipDownload(python),
  },
  "uv-pip": {
    label: "uv pip 0.13.9",
    requirements: ["uv==0.13.9"],
    client: (home) => uvPip(uvIn(home)),
  },
  "uv-project": {
    label: "uv sync 0.13.9",
    requirements: ["uv==0.13.9"],
    client: (home) => uvProject(uvIn(home)),
  },
  poetry: {
    label: "poetry 2.5.1",
    requirements: ["poetry==2.5.1"],
    client: ({ python }) => poetry(python),
  },
  pdm: {
    label: "pdm 2.29.3",
    // It breaks with the newer releases of these two.
    requirements: ["pdm==2.29.3", "hishel==1.2.1", "unearth==0.18.2"],
    client: ({ python }) => pdm(python),
  },
  pipenv: {
    label: "pipenv 2026.10.3",
    requirements: ["pipenv==2026.10.3"],
    client: ({ python }) => pipenv(python),
  },
  hatch: {
    label: "hatch env 1.18.2",
    requirements: ["hatch==1.18.2"],
    client: ({ python }) => hatch(python),
  },
  bandersnatch: {
    label: "bandersnatch 6.8.0",
    requirements: ["bandersnatch==6.8.0", "pip==26.3"],
    client: ({ python }) => bandersnatch(python),
  },
};

export const CLIENT_NAMES = Object.keys(CLIENTS) as ClientName[];
