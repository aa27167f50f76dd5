import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inTurn, type Client } from "./client.ts";
import { installFrom, PIP_NOT_FOUND } from "./pip.ts";

// An allow-list names everything: dependencies, and what an sdist is built with.
const PROJECTS = ["picnic", "basket", "sandwich", "bread", "flit-core"];

/** bandersnatch mirrors an allow-list, and the pip beside it installs from that mirror; `python` has both. */
export function bandersnatch(python: string): Client {
  return {
    install: (requirement, index, place) => {
      const mirror = join(place.folder, "mirror");
      const allowed = [...PROJECTS, requirement.replace(/==.*/, "")];
      const text = `[mirror]
directory = ${mirror}
master = ${index.replace(/\/simple\/$/, "")}
allow-non-https = true
api-method = simple
stop-on-error = true

[plugins]
enabled = allowlist_project

[allowlist]
packages =
${allowed.map((project) => `    ${project}\n`).join("")}`;
      writeFileSync(join(place.folder, "bandersnatch.conf"), text);
      return inTurn(place.run(python, ["-m", "bandersnatch.main", "--config", "bandersnatch.conf", "mirror"]), () =>
        installFrom(["--index-url", `file://${mirror}/web/simple`], python, [requirement], place),
      );
    },
    notFound: PIP_NOT_FOUND,
  };
}
