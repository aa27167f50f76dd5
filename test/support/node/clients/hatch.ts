import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "./client.ts";
import { PIP_NOT_FOUND } from "./pip.ts";

/** hatch with an environment of its project; `python` has it installed. It hands on to the pip that virtualenv comes with. */
export function hatch(python: string): Client {
  return {
    install: (requirement, index, place) => {
      const text = `[project]
name = "app"
version = "0.1.0"

[tool.hatch.envs.default]
path = ".venv"
skip-install = true
installer = "pip"
dependencies = ["${requirement}"]

[tool.hatch.envs.default.env-vars]
PIP_INDEX_URL = "${index}"
PIP_NO_CACHE_DIR = "1"
PIP_DISABLE_PIP_VERSION_CHECK = "1"
`;
      writeFileSync(join(place.folder, "pyproject.toml"), text);
      // It takes an environment that stands there for its own, complete, and would install nothing into it.
      rmSync(join(place.folder, ".venv"), { recursive: true });
      return place.run(python, ["-m", "hatch", "env", "create"]);
    },
    notFound: PIP_NOT_FOUND,
  };
}
