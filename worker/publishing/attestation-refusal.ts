/** Ends the reason; what to do follows it. */
const NOTHING_CHANGED = " Nothing was changed.";

/**
 * The refusal of an upload for its attestations.
 *
 * @param reason one sentence or more
 * @param advice what to do; undefined: it does not say
 */
export const attestationRefusal = (reason: string, advice?: string): string =>
  `${reason}${NOTHING_CHANGED}${advice === undefined ? "" : ` ${advice}`}`;

/** The reason of such a refusal: for a command that has sent the file without them, so that the rest is not so. */
export const reasonOfAttestationRefusal = (text: string): string => text.split(NOTHING_CHANGED, 1)[0] ?? text;
