import * as z from "zod/mini";
import { asFileRef } from "../worker/pypi/file-url.ts";

/**
 * A message of the fills queue: a source and one of its files. It contains nothing from the project's page, which is read
 * when the message is handled.
 */
const message = z.object({
  /** The upstream's URL, percent-encoded as in the store's keys. */
  source: z.string(),
  /** `{origin}/{path}`, decoded. */
  file: z.string(),
  part: z.union([z.literal("file"), z.literal("metadata")]),
});

export type FillMessage = z.infer<typeof message>;

/** Parses a message and its file reference; a message without a valid file is refused. */
export const fillMessage = z.pipe(
  message,
  z.transform(({ source, file, part }, context) => {
    const ref = asFileRef(file, part);
    if (ref) return { source, ref };
    context.issues.push({ code: "custom", input: file, message: "no file has this address" });
    return z.NEVER;
  }),
);
