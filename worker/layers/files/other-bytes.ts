import type { FileRef } from "../../pypi/file-url.ts";

/**
 * The sentence for a file of which the upstream sent other bytes than its page lists.
 *
 * @param reason in what they differ, without a final stop
 */
export const otherBytes = ({ origin, filename, part }: FileRef, reason: string): string =>
  `${origin} sent other bytes of ${filename}${part === "metadata" ? ".metadata" : ""} than its page lists, so it is neither served nor stored. Try again in a minute; if it stays so, tell those who run that upstream: ${reason}.`;
