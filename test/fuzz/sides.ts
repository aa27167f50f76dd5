import { provideEnvironment } from "../support/node/provision.ts";
import type { Sides } from "./judge.ts";
import { Product } from "./product.ts";
import { Python } from "./python.ts";
import { READER_NAMES, READERS, type ReaderName } from "./readers.ts";

/** What Python's side needs besides its own library. */
const REQUIREMENTS = ["packaging==26.3", "pip==26.3"] as const;

/** Both sides, ready to be asked. */
export interface Open extends Sides {
  /** Readers that cannot be compared here, since packaging and pip cannot be had. */
  readonly missing: readonly ReaderName[];
  close(): Promise<void>;
}

/** A Python that has packaging and pip; undefined where they cannot be had here. */
export async function providePython(): Promise<string | undefined> {
  return (await provideEnvironment(REQUIREMENTS))?.python;
}

/** The line that says what is not compared. */
export const sayMissing = (missing: readonly ReaderName[]) =>
  `skipped: ${missing.length} readers (${missing.join(", ")}): no wheels for ${REQUIREMENTS.join(" and ").replaceAll("==", " ")}: set WHEELHOUSE or configure pip`;

/** Starts both. @param python as `providePython` gives it */
export async function openSides(python: string | undefined): Promise<Open> {
  const missing = python === undefined ? READER_NAMES.filter((name) => READERS[name].needsPackaging) : [];
  const product = await Product.start();
  const other = new Python(python ?? "python3");
  return {
    product,
    python: other,
    missing,
    async close() {
      await Promise.all([product.stop(), other.stop()]);
    },
  };
}
