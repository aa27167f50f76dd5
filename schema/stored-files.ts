import * as z from "zod/mini";

/** The stored files of the sources of an index, by project; a part of them. */
export const storedFilesAnswer = z.object({
  index: z.string(),
  projects: z.array(
    z.object({
      project: z.string(),
      /** The files' paths below `files/` of the index, decoded. */
      files: z.array(z.string()),
    }),
  ),
  /** The last project of this part, after which the next one begins; null: there are no more. */
  next: z.nullable(z.string()),
});

export type StoredFilesAnswer = z.infer<typeof storedFilesAnswer>;
