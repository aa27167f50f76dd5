/** Files of older releases, as pages of PyPI list them by hundreds: no client asks for them, but all of them are read. */
import { createHash } from "node:crypto";
import type { Wheel } from "../../../cli/demo/wheel.ts";

/** As pages of popular projects have; numpy's has 4,415. */
export const OLDER_FILES = 300;

/** Seven wheels and an sdist. */
const IN_A_RELEASE = 8;

// No real version is as low.
const versionOf = (release: number) => `0.0.0.0.${release}`;

export const olderVersions = (): string[] =>
  Array.from({ length: Math.ceil(OLDER_FILES / IN_A_RELEASE) }, (_, release) => versionOf(release));

/** @param root what their addresses, where nothing is, are below */
export function olderFiles({ filename: newest }: Pick<Wheel, "filename">, root: string): object[] {
  const [name = ""] = newest.split("-", 1);
  return Array.from({ length: OLDER_FILES }, (_, at) => {
    const version = versionOf(Math.floor(at / IN_A_RELEASE));
    const place = at % IN_A_RELEASE;
    const python = `cp3${place + 6}`;
    const filename =
      place === IN_A_RELEASE - 1
        ? `${name}-${version}.tar.gz`
        : `${name}-${version}-${python}-${python}-manylinux_2_17_x86_64.manylinux2014_x86_64.whl`;
    const sha256 = createHash("sha256").update(filename).digest("hex");
    const isWheel = filename.endsWith(".whl");
    return {
      filename,
      hashes: { sha256 },
      size: 12_345 + at,
      ...(isWheel && { "core-metadata": { sha256 }, "data-dist-info-metadata": { sha256 } }),
      "requires-python": ">=3.6",
      "upload-time": `${2010 + (at % 12)}-0${1 + (at % 9)}-1${at % 10}T12:00:0${at % 10}.12345${at % 10}Z`,
      url: `${root}/files/${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256.slice(4)}/${filename}`,
      yanked: false,
    };
  });
}
