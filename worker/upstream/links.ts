import { IndexError, messageOf, upstreamFailed } from "../errors.ts";
import { projectCandidates } from "../pypi/filename.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { FileEntry, Validators } from "../pypi/page.ts";
import type { Upstream } from "../repository/ports/upstream.ts";
import { inUtf8 } from "./charset.ts";
import type { UpstreamClient } from "./client.ts";
import { documentFrom } from "./documents.ts";
import { fileFrom } from "./files.ts";
import { parseLinks } from "./parse-html.ts";
import { conditions, validatorsOf } from "./validators.ts";

/** For how long the page is not read again for the next project: an install asks for many at once. Milliseconds. */
const READ_TTL = 10_000;

/** More files than an isolate should hold; a larger page is read for each project. */
const MAX_HELD = 20_000;

/** The page as it was read. */
interface Links {
  readonly files: ReadonlyMap<ProjectName, readonly FileEntry[]>;
  readonly validators: Validators;
}

/**
 * A page of links to files of any projects (pip's `--find-links`), as an upstream. A file is listed under every project that
 * its name may mean: clients leave out what does not fit, and a private name must not seem to be nobody's.
 *
 * @param now milliseconds since the epoch
 */
export function linksAt(page: URL, client: UpstreamClient, now: () => number): Upstream {
  let held: { readonly links: Links; readonly until: number } | undefined;

  /** The page's files by project, or `unchanged` where `known` still holds. */
  async function read(known: Validators): Promise<Links | "unchanged"> {
    if (held && now() < held.until) return held.links;
    const answer = await client.open(page, {
      headers: { Accept: "text/html", "Accept-Encoding": "gzip", ...conditions(known) },
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
        `The upstream ${page.href} has no JSON API: it is a page of links. The Simple API has what is known of its projects.`,
      );
    },
    document: documentFrom(client),

    async names(known) {
      const links = await read(known);
      if (links === "unchanged") return { kind: "unchanged" };
      return { kind: "names", entries: inOneBatch([...links.files.keys()]), validators: links.validators };
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

async function* inOneBatch(names: readonly ProjectName[]) {
  yield names.map((name) => ({ name }));
}
