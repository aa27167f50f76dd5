import type { TestProject } from "vitest/node";
import { READER_NAMES, READERS } from "./readers.ts";
import { providePython, sayMissing } from "./sides.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** A Python that has packaging and pip; null where they cannot be had. */
    python: string | null;
  }
}

/** Runs once before the fuzzer: gets what Python's side needs, and says at the end what was skipped for want of it. */
export default async function setup(project: TestProject): Promise<() => void> {
  const python = await providePython();
  project.provide("python", python ?? null);
  return () => {
    if (python === undefined) console.log(sayMissing(READER_NAMES.filter((name) => READERS[name].needsPackaging)));
  };
}
