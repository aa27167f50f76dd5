import { upstreamFile, upstreamPage } from "../../schema/simple.ts";
import { asProjectName, type ProjectName } from "../pypi/name.ts";
import { cleanSerial, type ProjectPage } from "../pypi/page.ts";
import { toEntries, type Described } from "./entry.ts";

/**
 * A page from an upstream's PEP 691 JSON. Throws an `Error` with the reason where it is none, or another project's.
 *
 * @param base the URL the page came from
 */
export function parseJson(text: string, name: ProjectName, base: URL, mayFetch: (url: URL) => boolean): ProjectPage {
  const parsed = upstreamPage.safeParse(jsonOf(text));
  if (!parsed.success) throw new Error("its page is not what PEP 691 describes");
  const page = parsed.data;
  if (asProjectName(page.name) !== name)
    throw new Error(`it answered with the page of ${JSON.stringify(page.name.slice(0, 80))}`);
  const described: Described[] = [];
  for (const raw of page.files) {
    const file = upstreamFile.safeParse(raw);
    if (!file.success) continue;
    const { "dist-info-metadata": old, "core-metadata": metadata = old, ...rest } = file.data;
    described.push({ ...rest, "core-metadata": metadata });
  }
  return {
    name,
    versions: page.versions,
    files: toEntries(described, base, mayFetch),
    status: page["project-status"],
    lastSerial: cleanSerial(page.meta["_last-serial"]),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error("its page is not JSON, or was cut", { cause });
  }
}
