import { fingerprint } from "../pypi/fingerprint.ts";
import type { CurrentVerification } from "../repository/ports/verification.ts";

/** Whether a verification that is for a sample of the projects is for this one: each decides alike, and others another time. */
export const isSampled = (
  name: string,
  { sample, beganAt }: Pick<CurrentVerification, "sample" | "beganAt">,
): boolean => sample >= 100 || (parseInt(fingerprint(`${name} ${beganAt}`), 36) / 2 ** 32) * 100 < sample;
