import * as z from "zod/mini";

/** What is sent to begin an upload in parts: the file as it will be. */
export const uploadAnnouncement = z.strictObject({
  index: z.string("must be an index's name"),
  filename: z.string("must be a text"),
  /** Bytes. */
  size: z
    .number("must be a number of bytes")
    .check(z.refine((it) => Number.isSafeInteger(it) && it >= 0, "must be a whole number of bytes")),
  sha256: z.pipe(
    z.string("must be a text").check(z.regex(/^[0-9a-f]{64}$/i, "must be 64 hexadecimal digits")),
    z.transform((it) => it.toLowerCase()),
  ),
});

/** How far an upload is. */
export const uploadState = z.object({
  id: z.string(),
  /** Of all parts but the last, in bytes. */
  partSize: z.number().check(z.positive()),
  /** The numbers of those that have arrived; the first is 1. */
  parts: z.array(z.number()),
});

/** How one ended; `identical`: these very bytes were there already, and nothing has changed. */
export const uploadOutcome = z.object({ identical: z.boolean(), did: z.string() });

/** What may be answered to who begins one. */
export const uploadBegun = z.union([uploadState, uploadOutcome]);

export type UploadAnnouncement = z.infer<typeof uploadAnnouncement>;
export type UploadState = z.infer<typeof uploadState>;
export type UploadOutcome = z.infer<typeof uploadOutcome>;
