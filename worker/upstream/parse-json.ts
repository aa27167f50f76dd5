import { upstreamFile, upstreamPage } from "../../schema/simple.ts";
import type { ProjectName } from "../pypi/name.ts";
import { asProjectName } from "../pypi/name.ts";
import type { FileEntry, ProjectPage } from "../pypi/page.ts";
import { toEntry } from "./entry.ts";

/**
 * A page from an upstream's PEP 691 JSON. Throws an `Error` with the reason where it is none, or another project's.
 *
 * @param base the URL the page came from
 */
export function parseJson(text: string, name: ProjectName, base: URL, mayFetch: (url: URL) => boolean): ProjectPage {
  const parsed = upstreamPage.safeParse(jsonOf(text));
  if (!parsed.success) throw new Error("its page is not what PEP 691 describes");
  const page = parsed.data;
  if (asProjectName(page.name) !== name) throw new Error(`it answered with the page of ${JSON.stringify(page.name)}`);
  const files: FileEntry[] = [];
  for (const raw of page.files) {
    const file = upstreamFile.safeParse(raw);
    if (!file.success) continue;
    const { "dist-info-metadata": old, "core-metadata": metadata = old, ...rest } = file.data;
    const entry = toEntry({ ...rest, "core-metadata": metadata }, base, mayFetch);
    if (entry) files.push(entry);
  }
  return {
    name,
    versions: page.versions,
    files,
    status: page["project-status"],
    lastSerial: page.meta["_last-serial"],
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error("its page is not JSON, or was cut", { cause });
  }
}
