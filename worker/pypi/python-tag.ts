import { badRequest } from "../errors.ts";

/** A CPython 3. */
export interface Python {
  readonly minor: number;
  /** Without the GIL, which is another ABI (PEP 703). */
  readonly freeThreaded: boolean;
}

const VERSION = /^3\.(\d{1,2})(?:\.\d{1,3})?(t)?$/;

/** Whether `parsePython` reads the text. */
export const isPythonVersion = (raw: string) => VERSION.test(raw);

/** Reads `3.12`, `3.12.4` or `3.13t`; throws `bad-request`. */
export function parsePython(raw: string): Python {
  const [, minor, threads] = VERSION.exec(raw) ?? [];
  if (minor !== undefined) return { minor: Number(minor), freeThreaded: threads !== undefined };
  throw badRequest(
    `${JSON.stringify(raw.slice(0, 40))} is not a version of CPython 3: python=3.12 is expected, or python=3.13t without the GIL.`,
  );
}

/** Stable ABIs begin with Python 3.2 (PEP 384). */
const FIRST_STABLE = 2;

/** Whether a wheel with these two tags can be installed, whatever its platform. */
export function fitsPython({ minor, freeThreaded }: Python, tag: string, abi: string): boolean {
  // Installers compare tags as text, so `py308` matches nothing.
  const [, kind, version = ""] = /^(py|cp)3(0|[1-9]\d?)?$/.exec(tag) ?? [];
  const built = Number(version);
  if (kind === "py") return abi === "none" && built <= minor;
  if (kind !== "cp" || version === "") return false;
  // A stable ABI works in every later minor version (PEP 384, 803); any other ABI in its own minor version only.
  if (abi === (freeThreaded ? "abi3t" : "abi3")) return built >= FIRST_STABLE && built <= minor;
  // Up to 3.7, the ABI tag ends in "m", for pymalloc.
  const ours = freeThreaded ? [`cp3${minor}t`] : [`cp3${minor}`, ...(minor <= 7 ? [`cp3${minor}m`] : [])];
  return built === minor && (abi === "none" || ours.includes(abi));
}
