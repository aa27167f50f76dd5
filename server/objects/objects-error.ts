/** An error with a code of R2's in its text, as R2's binding words it: callers look for the code. */
export const objectsError = (method: string, sentence: string, code: number) =>
  new Error(`${method}: ${sentence} (${code})`);

/** @see https://developers.cloudflare.com/r2/api/error-codes/ */
export const CODES = {
  entityTooSmall: 10011,
  metadataTooLarge: 10012,
  invalidObjectName: 10020,
  invalidMaxKeys: 10022,
  noSuchUpload: 10024,
  invalidPart: 10025,
  badDigest: 10037,
  invalidRange: 10039,
  badUpload: 10048,
} as const;
