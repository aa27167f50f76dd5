import { join } from "node:path";
import { removeLeftover, temporaryDirectory } from "./leftovers.ts";
import { run } from "./process.ts";

/** A virtual environment of Python with nothing in it, not even pip. */
export interface Environment {
  readonly python: string;
  /** Where packages go. */
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

/** The virtual environment that stands in this directory. */
export async function environmentAt(directory: string): Promise<Environment> {
  const python = join(directory, "bin", "python");
  const site = await run(python, ["-c", PURELIB]);
  return { python, site: site.output.trim(), remove: () => removeLeftover(directory) };
}

/**
 * This process's environment without what could lead an installer anywhere but to the index it is given: its own
 * variables and configuration files, a surrounding virtual environment, proxies.
 */
export function bareVariables(): NodeJS.ProcessEnv {
  const foreign = /^(PIP_|UV_|PYTHON|VIRTUAL_ENV$|CONDA_|(HTTPS?|ALL|NO)_PROXY$)/i;
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(kept), PIP_CONFIG_FILE: "/dev/null" };
}
