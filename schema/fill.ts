import * as z from "zod/mini";
import { asFileRef } from "../worker/pypi/file-url.ts";

/**
 * What the queue of fills carries: which source, and which of its files. Nothing that the project's page says of the file is
 * in it: the page is asked when the message is read.
 */
const message = z.object({
  /** The upstream's address, percent-encoded, as in the store's keys. */
  source: z.string(),
  /** `{origin}/{path}`, decoded. */
  file: z.string(),
  part: z.union([z.literal("file"), z.literal("metadata")]),
});

export type FillMessage = z.infer<typeof message>;

/** The same as the reference that the layers know; a message that names no file is refused. */
export const fillMessage = z.pipe(
  message,
  z.transform(({ source, file, part }, context) => {
    const ref = asFileRef(file, part);
    if (ref) return { source, ref };
    context.issues.push({ code: "custom", input: file, message: "no file has this address" });
    return z.NEVER;
  }),
);
