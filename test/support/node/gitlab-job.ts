import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "../../../cli/demo/process.ts";
import type { Place } from "./clients/place.ts";
import { parseYaml } from "./yaml.ts";

const TEMPLATE = join(import.meta.dirname, "..", "..", "..", "ci", "gitlab", "pypi-edge.yml");

/** A job, as far as this template says what it does. */
interface Job {
  readonly variables: Readonly<Record<string, string>>;
  readonly id_tokens: Readonly<Record<string, { readonly aud: string }>>;
  readonly before_script: readonly string[];
  readonly after_script: readonly string[];
}

/** A job of GitLab's that extends the template: its scripts in one shell, and in another what comes after them. */
export class GitlabJob {
  readonly #place: Place;
  readonly #identity: (audience: string) => Promise<string>;

  /** @param identity gives an identity token of the job for an audience */
  constructor(place: Place, identity: (audience: string) => Promise<string>) {
    this.#place = place;
    this.#identity = identity;
  }

  /** Runs the job with this script; its exit code is the script's. */
  async run(script: readonly string[], given: Readonly<Record<string, string>>): Promise<Outcome> {
    const template = (parseYaml(readFileSync(TEMPLATE, "utf8")) as unknown as Record<string, Job>)[".pypi-edge"];
    if (!template) throw new Error("the template has no .pypi-edge");
    const own = { CI_PROJECT_DIR: this.#place.folder, ...template.variables, ...given };
    const tokens = await Promise.all(
      Object.entries(template.id_tokens).map(async ([name, { aud }]) => {
        const audience = aud.replace(/^\$(\w+)$/, (_, key: string) => (own as Record<string, string>)[key] ?? "");
        return [name, await this.#identity(audience)];
      }),
    );
    const variables = { ...own, ...(Object.fromEntries(tokens) as Record<string, string>) };
    const shell = (lines: readonly string[]) => this.#place.run("sh", ["-ec", lines.join("\n")], variables);
    const ran = await shell([...template.before_script, ...script]);
    const after = await shell(template.after_script);
    return { ...ran, output: ran.output + after.output };
  }
}
