import type { JWK } from "jose";

/** Where the keys are from with which issuers sign. */
export interface KeySource {
  /**
   * The public keys that an issuer has now; at least one.
   *
   * @param issuer as the `iss` claim has it
   * @throws IndexError `upstream-failed` where it cannot be asked, or gives none: never an empty answer
   */
  keysOf(issuer: string): Promise<readonly JWK[]>;
}
