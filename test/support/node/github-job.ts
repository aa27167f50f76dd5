import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "../../../cli/demo/process.ts";
import type { Place } from "./clients/place.ts";
import { parseYaml } from "./yaml.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** `action.yml`, as far as a runner needs it. */
interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  readonly runs: { readonly main: string; readonly post: string };
}

/** A job of GitHub's as far as an action sees it: files for variables, state and summary, and inputs in variables. */
export class GithubJob {
  readonly #place: Place;
  readonly #folder: string;
  readonly #action = parseYaml(readFileSync(join(ROOT, "action.yml"), "utf8")) as unknown as Action;
  readonly #variables: Readonly<Record<string, string>>;
  #inputs: Readonly<Record<string, string>> = {};

  /** @param variables what the runner sets, beside the files */
  constructor(place: Place, variables: Readonly<Record<string, string>> = {}) {
    this.#place = place;
    this.#variables = variables;
    this.#folder = join(place.folder, "..", `${place.folder.split("/").at(-1)}-runner`);
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder);
  }

  /** Runs the action's step. */
  main(inputs: Readonly<Record<string, string>>): Promise<Outcome> {
    const unknown = Object.keys(inputs).filter((name) => !(name in this.#action.inputs));
    if (unknown.length > 0) throw new Error(`action.yml has no input ${unknown.join(", ")}`);
    this.#inputs = inputs;
    return this.#run(this.#action.runs.main);
  }

  /** Runs what the action does at the job's end. */
  post(): Promise<Outcome> {
    return this.#run(this.#action.runs.post, this.#values("STATE", "STATE_"));
  }

  /** The variables that later steps have. */
  get variables(): Record<string, string> {
    return this.#values("ENV");
  }

  get summary(): string {
    return this.#read("STEP_SUMMARY");
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(file: string, more: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    const { inputs } = this.#action;
    const given = Object.entries(inputs).map(([name, { default: usual = "" }]) => [
      `INPUT_${name.toUpperCase()}`,
      this.#inputs[name] ?? usual,
    ]);
    const files = ["ENV", "OUTPUT", "STATE", "STEP_SUMMARY"].map((name) => [`GITHUB_${name}`, this.#file(name)]);
    return this.#place.run(process.execPath, [join(ROOT, file)], {
      ...(Object.fromEntries([...given, ...files]) as Record<string, string>),
      RUNNER_TEMP: this.#folder,
      RUNNER_OS: "Linux",
      RUNNER_ARCH: "X64",
      ...this.#variables,
      ...more,
    });
  }

  #file(name: string): string {
    const path = join(this.#folder, name);
    if (!existsSync(path)) writeFileSync(path, "");
    return path;
  }

  #read(name: string): string {
    return readFileSync(this.#file(name), "utf8");
  }

  /** The values in one of the runner's files, which are `NAME<<END`, lines, `END`. */
  #values(name: string, prefix = ""): Record<string, string> {
    const found = [...this.#read(name).matchAll(/^(\w+)<<(.+)\n([^]*?)\n\2$/gm)];
    return Object.fromEntries(found.map(([, key = "", , value = ""]) => [prefix + key, value]));
  }
}
