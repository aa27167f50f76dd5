import * as z from "zod/mini";
import { uploadTime } from "../worker/pypi/upload-time.ts";
import { forkBody } from "./fork.ts";

/** The body that begins an upload in parts. */
export const uploadAnnouncement = z.strictObject(
  {
    index: z.string("must be an index's name"),
    filename: z.string("must be a text"),
    /** Bytes. */
    size: z
      .number("must be a number of bytes")
      .check(z.refine((it) => Number.isSafeInteger(it) && it >= 0, "must be a whole number of bytes")),
    sha256: z.pipe(
      z.string("must be a text").check(z.regex(/^[0-9A-Fa-f]{64}$/, "must be 64 hexadecimal digits")),
      z.transform((it) => it.toLowerCase()),
    ),
    /** Whether attestations come with it: it is then taken where the index has the file without any. */
    attested: z.optional(z.boolean("must be true or false")),
  },
  // Without it the text would be zod's, which depends on what else in the process has chosen a language for it.
  { error: ({ code }) => (code === "invalid_type" ? "must be a JSON object" : "has members that are not known here") },
);

const NOT_A_TIME = "must be a time of 1970 or later with its offset, such as 2019-03-01T12:00:00Z";

/** The body that ends an upload in parts; it may be empty. */
export const uploadEnd = z.strictObject({
  /** When the file was uploaded to the index that it comes from; read as milliseconds since the epoch. */
  uploadedAt: z.optional(
    z.pipe(
      z.string(NOT_A_TIME).check(z.refine((it) => Date.parse(uploadTime(it) ?? "") >= 0, NOT_A_TIME)),
      z.transform((it) => Date.parse(uploadTime(it) ?? "")),
    ),
  ),
  /** Where the release is an upstream's with patches. */
  fork: z.optional(forkBody),
  /** Attestation objects (PEP 740) of the file, as in the form of the upload API. */
  attestations: z.optional(z.array(z.unknown(), "must be an array of attestation objects (PEP 740)")),
});

/** The progress of an upload in parts. */
export const uploadState = z.object({
  id: z.string(),
  /** Size of every part except the last. Bytes. */
  partSize: z.number().check(z.positive()),
  /** The numbers of the parts that have arrived; the first is 1. */
  parts: z.array(z.number()),
});

/**
 * The result of an upload; `identical`: the same file was published before, and nothing has changed; `attested`: it was published before
 * without attestations, and has those of this upload.
 */
export const uploadOutcome = z.object({
  identical: z.boolean(),
  attested: z.optional(z.boolean()),
  did: z.string(),
});

/** The answer that begins an upload. */
export const uploadBegun = z.union([uploadState, uploadOutcome]);

export type UploadAnnouncement = z.infer<typeof uploadAnnouncement>;
export type UploadState = z.infer<typeof uploadState>;
export type UploadOutcome = z.infer<typeof uploadOutcome>;
