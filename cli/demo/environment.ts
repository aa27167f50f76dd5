import { join } from "node:path";
import { removeDirectory, temporaryDirectory } from "./leftovers.ts";
import { run } from "./process.ts";

/** An empty virtual environment of Python, without pip. */
export interface Environment {
  readonly python: string;
  /** The folder into which packages are installed. */
  readonly site: string;
  remove(): void;
}

const PURELIB = "import sysconfig; print(sysconfig.get_paths()['purelib'])";

/** Makes an empty virtual environment of `python`, in a temporary directory unless another one is named. */
export async function freshEnvironment(python: string, directory: string = temporaryDirectory()): Promise<Environment> {
  const made = await run(python, ["-m", "venv", "--without-pip", directory]);
  if (made.code !== 0) throw new Error(`no virtual environment could be made:\n${made.output}`);
  return environmentAt(directory);
}

/** The virtual environment in this directory. */
export async function environmentAt(directory: string): Promise<Environment> {
  const python = join(directory, "bin", "python");
  const site = await run(python, ["-c", PURELIB]);
  return { python, site: site.output.trim(), remove: () => removeDirectory(directory) };
}

/**
 * This process's environment without the settings that could lead an installer to another index: its own
 * variables and configuration files, a surrounding virtual environment, proxies.
 */
export function bareVariables(): NodeJS.ProcessEnv {
  const foreign = /^(PIP_|UV_|PYTHON|VIRTUAL_ENV$|CONDA_|(HTTPS?|ALL|NO)_PROXY$)/i;
  const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(own), PIP_CONFIG_FILE: "/dev/null" };
}
