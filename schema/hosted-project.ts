import * as z from "zod/mini";

/** The hosted projects of an index in the API's form, the last uploaded first; times are ISO 8601. */
export const hostedProjectsAnswer = z.object({
  index: z.string(),
  projects: z.array(
    z.object({
      project: z.string(),
      /** Of the file that was uploaded last. */
      version: z.string(),
      /** Whether that file is yanked. */
      yanked: z.boolean(),
      files: z.number(),
      bytes: z.number(),
      uploadedAt: z.string(),
      /** The name of the token that uploaded last; left out for those who have shown no token. */
      uploadedBy: z.optional(z.string()),
    }),
  ),
});

export type HostedProjectsAnswer = z.infer<typeof hostedProjectsAnswer>;
