import { simpleFiles, upstreamPage } from "../../schema/simple.ts";
import { asProjectName, type ProjectName } from "../pypi/name.ts";
import { cleanSerial, type ProjectPage } from "../pypi/page.ts";
import { printable } from "../pypi/text.ts";
import { assertReadable } from "./api-version.ts";
import { statusFrom, toEntries, type DescribedFile } from "./entry.ts";
import { jsonParts } from "./page-bytes.ts";

/**
 * Reads a project page in an upstream's PEP 691 JSON. Throws an `Error` with the reason where it is not one, or is another
 * project's.
 *
 * @param base the page's URL
 */
export async function parseJson(
  bytes: Uint8Array,
  name: ProjectName,
  base: URL,
  mayFetch: (url: URL) => boolean,
): Promise<ProjectPage> {
  const { rest, batches } = await jsonParts(bytes);
  const parsed = upstreamPage.safeParse(jsonOf(rest));
  // `jsonParts` does not find `files` where the key is written with escapes.
  if (!parsed.success || parsed.data.files.length > 0) throw new Error("its page is not what PEP 691 describes");
  const page = parsed.data;
  assertReadable(page.meta["api-version"]);
  if (asProjectName(page.name) !== name)
    throw new Error(`it answered with the page of ${JSON.stringify(printable(page.name.slice(0, 80)))}`);
  const status = page["project-status"];
  return {
    name,
    versions: page.versions,
    files: await toEntries(describedIn(batches), base, mayFetch),
    status: status && statusFrom(status.status, status.reason),
    lastSerial: cleanSerial(page.meta["_last-serial"]),
  };
}

/** Files in batches; undefined for an element that is not a file. */
function* describedIn(batches: readonly Uint8Array[]): Generator<(DescribedFile | undefined)[]> {
  for (const batch of batches) {
    yield simpleFiles.parse(jsonOf(batch, "[", "]")).map((data) => {
      if (!data) return undefined;
      const metadata = data["core-metadata"] ?? data["dist-info-metadata"];
      // Written out: each page has one shape of entries, and no copy is made on the way.
      return {
        filename: data.filename,
        url: data.url,
        hashes: Object.entries(data.hashes ?? {}),
        "requires-python": data["requires-python"],
        size: data.size,
        "upload-time": data["upload-time"],
        yanked: data.yanked,
        "core-metadata": metadata === undefined || metadata === true ? metadata : Object.entries(metadata),
        provenance: data.provenance,
      };
    });
  }
}

function jsonOf(bytes: Uint8Array, before = "", after = ""): unknown {
  try {
    return JSON.parse(before + new TextDecoder().decode(bytes) + after);
  } catch (cause) {
    throw new Error("its page is not JSON, or was cut off", { cause });
  }
}
