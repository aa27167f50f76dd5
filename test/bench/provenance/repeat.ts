import { trustedRootOf } from "../../../worker/provenance/trusted-root.ts";
import { verifyProvenance, type AttestedFile } from "../../../worker/provenance/verify.ts";

/** A file to be verified, as often as is said. */
export interface Repeated {
  readonly root: object;
  readonly file: AttestedFile;
  /** Its provenance object. */
  readonly text: string;
  readonly times: number;
}

/** Verifies it. Throws where it is not verified. */
export function verifyRepeatedly({ root, file, text, times }: Repeated): void {
  const trusted = trustedRootOf(root);
  for (let time = 0; time < times; time++) {
    const verdict = verifyProvenance(text, file, trusted, Date.now());
    if (verdict.state !== "verified") throw new Error(verdict.reason);
  }
}
