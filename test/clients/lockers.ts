import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";
import { PIP_OPTIONS, UV_OPTIONS } from "../../cli/demo/installer.ts";
import type { Lock } from "../support/node/clients/client.ts";
import { installFrom } from "../support/node/clients/pip.ts";
import type { Place } from "../support/node/clients/place.ts";
import { pdm } from "../support/node/clients/project.ts";
import { CLIENTS, type ClientName, type Home } from "../support/node/clients/table.ts";

/** How a client writes a lock file with URLs, and installs from it. */
export type UrlLock = Pick<Lock, "file" | "write" | "install">;

/** A client with its lock file. */
export interface Locker {
  readonly name: string;
  /** Absent where the client could not be had on this machine. */
  readonly lock: UrlLock | undefined;
}

const PYLOCK = "pylock.toml";
const REQUIREMENTS = "requirements.txt";

/** Every kind of lock file that carries URLs, with each client that takes it. */
export const LOCKERS: readonly Locker[] = [
  locker("uv-project", "uv.lock"),
  locker("pip", PYLOCK, ({ python }) => pylock(python)),
  locker("poetry", "poetry.lock"),
  // Without this option it writes no URLs.
  locker("pdm", "pdm.lock", ({ python }) => pdm(python, "--static-urls").lock),
  locker("pipenv", "Pipfile.lock"),
  locker("pip", "requirements of URLs", ({ python }) =>
    directUrls((_index, place) => installFrom(["--no-index"], python, ["-r", REQUIREMENTS], place)),
  ),
  ...["install -r", "sync"].map((command) =>
    locker("uv-pip", `URLs by ${command}`, ({ site }) =>
      directUrls((_index, place) => {
        const args = ["pip", ...command.split(" "), REQUIREMENTS, "--no-index", "--python", place.environment.python];
        return place.run(join(site, "bin", "uv"), [...args, ...UV_OPTIONS]);
      }),
    ),
  ),
];

function locker(
  client: ClientName,
  file: string,
  make: (home: Home) => UrlLock | undefined = (home) => CLIENTS[client].client(home).lock,
): Locker {
  const home = inject("supplies").homes[client];
  return { name: `${CLIENTS[client].label} from ${file}`, lock: home && make(home) };
}

/** pip's own lock file (PEP 751). */
function pylock(python: string): UrlLock {
  const options = PIP_OPTIONS.filter((option) => option !== "--no-compile");
  return {
    file: PYLOCK,
    write: ({ requirement }, index, place) =>
      place.run(python, ["-m", "pip", "lock", ...options, "--index-url", index, requirement]),
    install: (index, place) => installFrom(["--index-url", index], python, ["-r", PYLOCK], place),
  };
}

/** Requirements that name their very files, made from what pip says that it would install. */
function directUrls(install: UrlLock["install"]): UrlLock | undefined {
  const pip = inject("supplies").homes.pip;
  return (
    pip && {
      file: REQUIREMENTS,
      write: async ({ requirement }, index, place) => {
        const outcome = await report(pip, requirement, index, place);
        if (outcome.code === 0) writeFileSync(join(place.folder, REQUIREMENTS), reported(place));
        return outcome;
      },
      install,
    }
  );
}

const REPORT = "report.json";

function report({ python }: Home, requirement: string, index: string, place: Place) {
  const options = ["--dry-run", "--ignore-installed", "--report", REPORT, "--index-url", index];
  return place.run(python, ["-m", "pip", "install", ...PIP_OPTIONS, ...options, requirement]);
}

/** A member of `install` in pip's report. */
interface Reported {
  readonly metadata: { readonly name: string };
  readonly download_info: { readonly url: string; readonly archive_info: { readonly hashes: { sha256: string } } };
}

function reported({ folder }: Place): string {
  const { install } = JSON.parse(readFileSync(join(folder, REPORT), "utf8")) as { install: Reported[] };
  return install
    .map(({ metadata, download_info: { url, archive_info } }) => {
      return `${metadata.name} @ ${url}#sha256=${archive_info.hashes.sha256}\n`;
    })
    .join("");
}
