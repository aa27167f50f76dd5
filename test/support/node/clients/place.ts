import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { bareVariables, freshEnvironment, type Environment } from "../../../../cli/demo/environment.ts";
import { removeDirectory, temporaryDirectory } from "../../../../cli/demo/leftovers.ts";
import { run, type Outcome } from "../../../../cli/demo/process.ts";

/** Where a client works: a folder of its own with its project, configuration and caches, and an empty environment. */
export class Place {
  readonly folder: string;
  readonly environment: Environment;

  private constructor(folder: string, environment: Environment) {
    this.folder = folder;
    this.environment = environment;
  }

  static async make(): Promise<Place> {
    const folder = temporaryDirectory();
    return new Place(folder, await emptyEnvironment(folder));
  }

  /** Runs a client here, without the user's configuration, caches and keyrings; `signal` has it killed. */
  run(
    command: string,
    args: readonly string[],
    variables: NodeJS.ProcessEnv = {},
    signal?: AbortSignal,
  ): Promise<Outcome> {
    const env = {
      ...bareVariables(),
      HOME: this.#home,
      XDG_CACHE_HOME: join(this.#home, "cache"),
      XDG_CONFIG_HOME: join(this.#home, "config"),
      XDG_DATA_HOME: join(this.#home, "data"),
      // Sentences stay in one line.
      COLUMNS: "1000",
      ...variables,
    };
    return run(command, args, { cwd: this.folder, env, timeoutMs: 120_000, signal });
  }

  /** The files in `dist`, as a client is given them. */
  distributions(): string[] {
    return readdirSync(join(this.folder, "dist")).map((name) => join("dist", name));
  }

  /** Puts a file into the client's home. */
  atHome(path: string, text: string, mode = 0o600): string {
    const file = join(this.#home, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode });
    return file;
  }

  /** Takes from the client what it has kept, but for its project. */
  forget(): void {
    rmSync(this.#home, { recursive: true, force: true });
  }

  /** Takes from the environment whatever was installed. */
  async empty(): Promise<void> {
    this.environment.remove();
    await emptyEnvironment(this.folder);
  }

  /** Runs Python code in the environment. */
  python(code: string): Promise<Outcome> {
    return run(this.environment.python, ["-c", code]);
  }

  /** The version that a module of the environment says it has, or why it could not be asked. */
  async versionOf(module: string): Promise<string> {
    const { output } = await this.python(`import ${module}; print(${module}.__version__)`);
    return output.trim();
  }

  remove(): void {
    removeDirectory(this.folder);
  }

  get #home(): string {
    return join(this.folder, "home");
  }
}

/** Made once, and copied for each place: a copy costs a tenth. */
let pattern: Promise<{ readonly folder: string; readonly environment: Environment }> | undefined;

async function makePattern() {
  const folder = temporaryDirectory();
  return { folder, environment: await freshEnvironment("python3", folder) };
}

/** The environment of a project in `folder`, where project managers look for it. */
async function emptyEnvironment(folder: string): Promise<Environment> {
  pattern ??= makePattern();
  const { folder: from, environment } = await pattern;
  const to = join(folder, ".venv");
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  const there = (path: string) => join(to, relative(from, path));
  return { python: there(environment.python), site: there(environment.site), remove: () => removeDirectory(to) };
}
