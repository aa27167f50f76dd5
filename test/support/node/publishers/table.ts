import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Place } from "../clients/place.ts";
import type { Home } from "../clients/table.ts";
import type { Publisher, Target } from "./publisher.ts";

/** A client that publishes, in the version that the tests were written against. */
interface Entry {
  /** Name and version, as tests and tables show them. */
  readonly label: string;
  readonly requirements: readonly [string, ...string[]];
  publisher(home: Home): Publisher;
}

export type PublisherName = "twine" | "uv" | "uv-build" | "poetry" | "pdm" | "hatch" | "flit";

const USER = "__token__";

/** Every client that must be able to publish, each told of index and token in the way that its own documentation has first. */
export const PUBLISHERS: Readonly<Record<PublisherName, Entry>> = {
  twine: {
    label: "twine 7.0.0",
    requirements: ["twine==7.0.0"],
    publisher: ({ python }) => ({
      publish: (_parcel, target, place, signal) => {
        const rc = join(place.folder, ".pypirc");
        writeFileSync(rc, pypirc(target));
        const args = ["upload", "--non-interactive", "--disable-progress-bar", "--config-file", rc, "-r", "team"];
        return place.run(python, ["-m", "twine", ...args, ...place.distributions()], {}, signal);
      },
    }),
  },
  uv: {
    label: "uv publish 0.13.9",
    requirements: ["uv==0.13.9"],
    publisher: ({ site }) => ({
      publish: (_parcel, target, place, signal) => uvPublish(join(site, "bin", "uv"), target, place, signal),
    }),
  },
  "uv-build": {
    label: "uv build 0.13.9",
    requirements: ["uv==0.13.9"],
    publisher: ({ site }) => ({
      builds: "uv_build",
      publish: async (_parcel, target, place, signal) => {
        const uv = join(site, "bin", "uv");
        const built = await place.run(uv, ["build", "--no-config", "--no-cache", "--offline", "--no-create-gitignore"]);
        return built.code === 0 ? uvPublish(uv, target, place, signal) : built;
      },
    }),
  },
  poetry: {
    label: "poetry publish 2.5.1",
    requirements: ["poetry==2.5.1"],
    publisher: ({ python }) => ({
      publish: (_parcel, { url, token }, place, signal) =>
        place.run(
          python,
          ["-m", "poetry", "publish", "--no-interaction", "-r", "team"],
          {
            POETRY_REPOSITORIES_TEAM_URL: url,
            POETRY_HTTP_BASIC_TEAM_USERNAME: USER,
            POETRY_HTTP_BASIC_TEAM_PASSWORD: token,
            POETRY_KEYRING_ENABLED: "false",
          },
          signal,
        ),
    }),
  },
  pdm: {
    label: "pdm publish 2.29.3",
    // It breaks with the newer releases of these two.
    requirements: ["pdm==2.29.3", "hishel==1.2.1", "unearth==0.18.2"],
    publisher: ({ python }) => ({
      publish: async (_parcel, { url, token }, place, signal) => {
        const outcome = await place.run(
          python,
          ["-m", "pdm", "publish", "--no-build"],
          {
            PDM_PUBLISH_REPO: url,
            PDM_PUBLISH_USERNAME: USER,
            PDM_PUBLISH_PASSWORD: token,
            PDM_CHECK_UPDATE: "0",
          },
          signal,
        );
        return { ...outcome, output: outcome.output + named(outcome.output) };
      },
    }),
  },
  hatch: {
    label: "hatch publish 1.18.2",
    requirements: ["hatch==1.18.2"],
    publisher: ({ python }) => ({
      publish: (_parcel, { url, token }, place, signal) =>
        place.run(
          python,
          ["-m", "hatch", "publish", "--no-prompt"],
          { HATCH_INDEX_REPO: url, HATCH_INDEX_USER: USER, HATCH_INDEX_AUTH: token },
          signal,
        ),
    }),
  },
  flit: {
    label: "flit publish 4.2.0",
    requirements: ["flit==4.2.0"],
    publisher: ({ python }) => ({
      builds: "flit_core",
      publish: (_parcel, { url, token }, place, signal) =>
        place.run(
          python,
          ["-m", "flit", "publish", "--no-use-vcs"],
          // Without the date it takes each file's own for its sdist.
          { FLIT_INDEX_URL: url, FLIT_USERNAME: USER, FLIT_PASSWORD: token, SOURCE_DATE_EPOCH: "1767322800" },
          signal,
        ),
    }),
  },
};

export const PUBLISHER_NAMES = Object.keys(PUBLISHERS) as PublisherName[];

const uvPublish = (uv: string, { url, token }: Target, place: Place, signal: AbortSignal | undefined) =>
  place.run(
    uv,
    ["publish", "--no-config", "--no-cache", ...place.distributions()],
    { UV_PUBLISH_URL: url, UV_PUBLISH_TOKEN: token, UV_HTTP_RETRIES: "0" },
    signal,
  );

const pypirc = ({ url, token }: { readonly url: string; readonly token: string }) => `[distutils]
index-servers = team

[team]
repository = ${url}
username = ${USER}
password = ${token}
`;

/** The log that pdm names when it fails: of an answer it prints the status, and the rest is there. */
function named(output: string): string {
  const [, log] = /^See (\S+) for detailed debug log/m.exec(output) ?? [];
  return log === undefined ? "" : readFileSync(log, "utf8");
}
