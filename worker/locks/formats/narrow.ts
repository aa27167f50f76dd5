import type { Filename } from "../../pypi/filename.ts";
import { isWheel } from "../../pypi/filename.ts";
import { isSdist } from "../../pypi/kind.ts";
import { parsePlatform } from "../../pypi/platform-tag.ts";
import { parsePython } from "../../pypi/python-tag.ts";
import { wheelFits } from "../../pypi/wheel-fits.ts";

/** Selects, from the files of one version of a package, those to install; none where no file can be installed. */
export type Narrowing = <File extends { readonly filename: Filename }>(files: readonly File[]) => File[];

/**
 * Narrows files to those that an environment can install: the wheels that fit it (PEP 425, 600, 656), or the sdists where no wheel
 * fits. A value that is not given fits every wheel; without both, all files are selected.
 *
 * @param python CPython's version, such as `3.12`; `3.13t` is without the GIL
 * @param platform the tag of the newest wheels that fit, such as `manylinux_2_28_x86_64`; `linux_x86_64` is any glibc
 * @throws `bad-request` where a value is not a Python version or platform
 */
export function narrowing(python?: string, platform?: string): Narrowing {
  if (python === undefined && platform === undefined) return (files) => [...files];
  const interpreter = python === undefined ? undefined : parsePython(python);
  const system = platform === undefined ? undefined : parsePlatform(platform);
  const fits = wheelFits(interpreter, system);
  return (files) => {
    const wheels = files.filter(({ filename }) => isWheel(filename) && fits(filename));
    return wheels.length > 0 ? wheels : files.filter(({ filename }) => isSdist(filename));
  };
}
