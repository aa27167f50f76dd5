import { SECOND } from "../duration.ts";
import { IndexError, messageOf, upstreamFailed } from "../errors.ts";
import { projectCandidates } from "../pypi/filename.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { FileEntry, Validators } from "../pypi/page.ts";
import { inBatches } from "../repository/list-shapes.ts";
import type { Upstream } from "../repository/ports/upstream.ts";
import { inUtf8 } from "./charset.ts";
import type { UpstreamClient } from "./client.ts";
import { documentFrom } from "./documents.ts";
import { fileFrom } from "./files.ts";
import { parseLinks } from "./parse-html.ts";
import { conditionalHeaders, validatorsOf } from "./validators.ts";

/** How long the page serves further projects before it is read again: an install asks for many at once. Milliseconds. */
const READ_TTL = 10 * SECOND;

/** A page with more files is not kept in memory; it is read again for each project. */
const MAX_HELD = 20_000;

interface Links {
  readonly files: ReadonlyMap<ProjectName, readonly FileEntry[]>;
  readonly validators: Validators;
}

/**
 * A page of links to files of any projects (pip's `--find-links`), as an upstream. A file whose name is ambiguous is listed under
 * each project that it may belong to: clients ignore files of other projects, and a private project must not look absent here,
 * since its name would then be asked for in the next source.
 *
 * @param now milliseconds since the epoch
 */
export function linksAt(page: URL, client: UpstreamClient, now: () => number): Upstream {
  let held: { readonly links: Links; readonly until: number } | undefined;

  /** The page's files by project, or `unchanged` where `known` still holds. */
  async function read(known: Validators): Promise<Links | "unchanged"> {
    if (held && now() < held.until) return held.links;
    const answer = await client.open(page, {
      headers: { Accept: "text/html", "Accept-Encoding": "gzip", ...conditionalHeaders(known) },
    });
    if (!answer) throw upstreamFailed(page.host, `there is no page of links at ${page.href}`);
    if (answer.response.status === 304) return "unchanged";
    const html = inUtf8(answer.response.headers.get("Content-Type"), await client.bytes(answer));
    const files = await parseLinks(html, answer.url, (url) => client.mayFetch(url)).catch((error: unknown) => {
      throw upstreamFailed(page.host, messageOf(error), error);
    });
    const links = { files: byProject(files), validators: validatorsOf(answer) };
    if (files.length <= MAX_HELD) held = { links, until: now() + READ_TTL };
    return links;
  }

  return {
    async page(name, known) {
      const links = await read(known);
      if (links === "unchanged") return { kind: "unchanged" };
      const files = links.files.get(name);
      if (!files) return { kind: "absent" };
      return { kind: "page", page: { name, files }, validators: links.validators };
    },

    file: fileFrom(client),

    jsonUrl() {
      throw new IndexError(
        "document-not-found",
        `The upstream ${page.href} has no JSON API: it is a page of links. Read the project's page in the Simple API instead.`,
      );
    },
    document: documentFrom(client),

    async names(known) {
      const links = await read(known);
      if (links === "unchanged") return { kind: "unchanged" };
      return { kind: "names", entries: inBatches([...links.files.keys()]), validators: links.validators };
    },
  };
}

function byProject(files: readonly FileEntry[]): Map<ProjectName, FileEntry[]> {
  const projects = new Map<ProjectName, FileEntry[]>();
  for (const file of files) {
    for (const project of projectCandidates(file.filename)) {
      const known = projects.get(project);
      if (known) known.push(file);
      else projects.set(project, [file]);
    }
  }
  return projects;
}
