import { gunzipSync } from "node:zlib";
import * as z from "zod/mini";
import { parsedJson } from "../../worker/pypi/parsed-json.ts";
import { headerOf, type Answer, type CheckClient } from "./client.ts";
import { demand } from "./report.ts";

/** The form of a page that installers ask for (PEP 691). */
export const JSON_GZIP = { Accept: "application/vnd.pypi.simple.v1+json", "Accept-Encoding": "gzip" } as const;

const pageSchema = z.object({
  files: z.array(
    z.object({
      filename: z.string(),
      url: z.string(),
      hashes: z.record(z.string(), z.string()),
      size: z.optional(z.number()),
    }),
  ),
});

/** A file that a check may ask for. */
export interface CheckedFile {
  readonly filename: string;
  /** Its path below the root. */
  readonly path: string;
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/** Larger files are not asked for. Bytes. */
const MAX_FILE = 8 * 1024 * 1024;

/** A body without its gzip coding, if it has that. */
export const plainOf = (answer: Answer): Buffer =>
  headerOf(answer, "content-encoding") === "gzip" ? gunzipSync(answer.body) : answer.body;

/**
 * The files of a page that a digest verifies and that are small enough, in the page's order.
 *
 * @param path the page's, below the root
 * @throws NotAsExpected where it is no page
 */
export function filesOn(answer: Answer, path: string, { root }: CheckClient): CheckedFile[] {
  const parsed = pageSchema.safeParse(parsedJson(plainOf(answer).toString()));
  demand(parsed.success, "a body that is no page");
  const page = new URL(path, root);
  return parsed.data.files.flatMap(({ filename, url, hashes: { sha256 }, size }) =>
    sha256 !== undefined && size !== undefined && size > 0 && size <= MAX_FILE
      ? [{ filename, path: new URL(url, page).href, sha256, size }]
      : [],
  );
}
