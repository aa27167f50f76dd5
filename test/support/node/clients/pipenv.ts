import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inTurn, type Client } from "./client.ts";
import { PIP_MISMATCH, PIP_NOT_FOUND } from "./pip.ts";
import type { Place } from "./place.ts";

/** pipenv; `python` has it installed. It has a project file of its own, and pip within. */
export function pipenv(python: string): Client {
  const run = (place: Place, ...args: string[]) =>
    place.run(python, ["-m", "pipenv", ...args], {
      PIPENV_VENV_IN_PROJECT: "1",
      PIPENV_IGNORE_VIRTUALENVS: "1",
      PIPENV_NOSPIN: "1",
      PIPENV_YES: "1",
    });
  const lock = (requirement: string, index: string, place: Place) => {
    const [, name = requirement, version = "*"] = /^([\w.-]+)(==.+)?$/.exec(requirement) ?? [];
    const text = `[[source]]
name = "pypi-edge"
url = "${index}"
verify_ssl = false

[packages]
"${name}" = "${version}"
`;
    writeFileSync(join(place.folder, "Pipfile"), text);
    return run(place, "lock");
  };
  const sync = (place: Place) => run(place, "sync");
  return {
    install: (requirement, index, place) => inTurn(lock(requirement, index, place), () => sync(place)),
    lock: {
      file: "Pipfile.lock",
      write: ({ requirement }, index, place) => lock(requirement, index, place),
      install: (_index, place) => sync(place),
      mismatch: PIP_MISMATCH,
    },
    notFound: PIP_NOT_FOUND,
  };
}
