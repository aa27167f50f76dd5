import { bareVariables, type Environment } from "./environment.ts";
import { run, type Outcome } from "./process.ts";

/** A real client. Every install starts without a cache and knows one index only. */
export interface Installer {
  /** Name and version, for display. */
  readonly label: string;
  install(requirement: string, index: string, into: Environment): Promise<Outcome>;
}

/** Options without a cache, a configuration or questions. */
export const PIP_OPTIONS = ["--no-cache-dir", "--no-input", "--no-compile", "--disable-pip-version-check"];
/** The same for uv. */
export const UV_OPTIONS = ["--no-config", "--no-cache", "--no-python-downloads"];
// By default uv goes through three retries, 16 s in all, before it reports a transfer that broke off.
export const UV_PATIENCE = { UV_HTTP_RETRIES: "0" };

/** The pip that belongs to `python`. */
export function pip(label: string, python: string): Installer {
  return {
    label,
    install: (requirement, index, into) => {
      const where = ["--index-url", index, "--target", into.site];
      const args = ["-m", "pip", "install", ...PIP_OPTIONS, ...where, requirement];
      return run(python, args, { env: bareVariables() });
    },
  };
}

/** The uv at `binary`. */
export function uv(label: string, binary: string): Installer {
  return {
    label,
    install: (requirement, index, into) => {
      const where = ["--default-index", index, "--python", into.python];
      const args = ["pip", "install", ...UV_OPTIONS, ...where, requirement];
      return run(binary, args, { env: { ...bareVariables(), ...UV_PATIENCE } });
    },
  };
}
