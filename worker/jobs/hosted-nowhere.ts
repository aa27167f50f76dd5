import type { IndexConfig } from "../../schema/indexes.ts";
import { counted } from "../pypi/counted.ts";

/** What counts the projects that were uploaded to each index that is not among these. */
interface Uploaded {
  outside(indexes: readonly string[]): Promise<readonly { readonly index: string; readonly projects: number }[]>;
}

/**
 * Says which indexes had packages and host none now, because they were renamed, removed or lost `hosted`: what was private comes from
 * upstreams then. undefined where there are none. Rejects where the database does not answer.
 */
export async function hostedNowhere(
  indexes: readonly Pick<IndexConfig, "name" | "hosted">[],
  uploaded: Uploaded,
): Promise<{ readonly sentence: string } | undefined> {
  const hosting = indexes.filter(({ hosted }) => hosted).map(({ name }) => name);
  const found = await uploaded.outside(hosting);
  if (found.length === 0) return undefined;
  const named = found.map(({ index, projects }) => `${index} (${counted(projects, "project")})`).join(", ");
  return {
    sentence: `The configuration no longer has hosted = true for indexes that packages were uploaded to: ${named}. Their files are at no address, and upstreams may be asked for their names. Give each index back under its name; releases move to another one with pypi-edge release promote, while it hosts them.`,
  };
}
