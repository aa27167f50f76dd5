/** What the upstream of this benchmark offers: packages that depend on one another, a large wheel, and recorded pages. */
import { type Wheel, buildWheel } from "../../../cli/demo/wheel.ts";
import { contentOf } from "../stream/files.ts";
import type { Page } from "../content/pages.ts";

export interface Offer {
  readonly wheels: readonly Wheel[];
  /** Pages whose files are not offered. */
  readonly pages: readonly Page[];
}

export const PACKAGES = 110;
/** Bytes of the smallest and of the largest package's data. */
const SMALLEST = 20_000;
const LARGEST = 60_000;
/** Each package but the last ones needs so many others. */
const NEEDS = 3;

/** The name of the package that needs all others. */
export const FIRST_PACKAGE = nameOf(0);

/** Wheels of some tens of kilobytes, of which the first one needs all others, over several steps. */
export function packages(): Promise<Wheel[]> {
  return Promise.all(
    Array.from({ length: PACKAGES }, (_, index) => {
      const needed = Array.from({ length: NEEDS }, (_each, at) => index * NEEDS + at + 1).filter((at) => at < PACKAGES);
      const size = SMALLEST + Math.round(((LARGEST - SMALLEST) * ((index * 37) % PACKAGES)) / PACKAGES);
      return wheelOf(
        nameOf(index),
        size,
        needed.map((at) => `${nameOf(at)} (>=1.0,<2)`),
      );
    }),
  );
}

/** A wheel with one member of `size` bytes that do not compress. */
export function wheelOf(name: string, size: number, requires: readonly string[] = []): Promise<Wheel> {
  const filename = `${name}/data.bin`;
  const files = { [filename]: Buffer.concat([...contentOf({ filename, size })]) };
  return buildWheel({ name, version: "1.0", requires, files });
}

function nameOf(index: number): string {
  return `package${String(index).padStart(3, "0")}`;
}
