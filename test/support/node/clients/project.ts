import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "../../../../cli/demo/process.ts";
import { inTurn, type Client } from "./client.ts";
import type { Place } from "./place.ts";

/** What one project manager has of its own. */
export interface Manager {
  /** Its lock file. */
  readonly file: string;
  /** What pyproject.toml says besides the project itself. */
  settings(index: string): string;
  lock(index: string, place: Place): Promise<Outcome>;
  /** Installs what the lock file says. */
  install(index: string, place: Place): Promise<Outcome>;
  readonly mismatch: RegExp;
  readonly notFound: RegExp;
}

/** A client that installs a project's dependencies, always by way of its lock file. */
export function project(manager: Manager): Client {
  const lock = (requirement: string, index: string, place: Place) => {
    const text = `[project]
name = "app"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["${requirement}"]
`;
    writeFileSync(join(place.folder, "pyproject.toml"), `${text}\n${manager.settings(index)}`);
    return manager.lock(index, place);
  };
  return {
    install: (requirement, index, place) =>
      inTurn(lock(requirement, index, place), () => manager.install(index, place)),
    lock: {
      file: manager.file,
      write: ({ requirement }, index, place) => lock(requirement, index, place),
      install: (index, place) => manager.install(index, place),
      mismatch: manager.mismatch,
    },
    notFound: manager.notFound,
  };
}

/** poetry; `python` has it installed. */
export function poetry(python: string): Client {
  const run = (place: Place, command: string) =>
    place.run(python, ["-m", "poetry", command, "--no-interaction"], {
      POETRY_VIRTUALENVS_IN_PROJECT: "true",
      POETRY_KEYRING_ENABLED: "false",
    });
  return project({
    file: "poetry.lock",
    settings: (index) =>
      `[tool.poetry]\npackage-mode = false\n[[tool.poetry.source]]\nname = "pypi-edge"\nurl = "${index}"\n`,
    lock: (_index, place) => run(place, "lock"),
    install: (_index, place) => run(place, "sync"),
    mismatch: /did not match any known checksums/,
    notFound: /doesn't match any versions/,
  });
}

/** pdm; `python` has it installed, and locks with `options`. */
export function pdm(python: string, ...options: string[]): Client {
  const run = (place: Place, ...args: string[]) => place.run(python, ["-m", "pdm", ...args], { PDM_CHECK_UPDATE: "0" });
  return project({
    file: "pdm.lock",
    settings: (index) => `[[tool.pdm.source]]\nname = "pypi"\nurl = "${index}"\n`,
    lock: (_index, place) => run(place, "lock", ...options),
    install: (_index, place) => run(place, "sync", "--no-self"),
    mismatch: /matches the environment or hashes/,
    notFound: /Unable to find candidates for/,
  });
}
