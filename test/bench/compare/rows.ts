/** What is asked of every server, and what counts as the right answer. */
import { createHash } from "node:crypto";
import { type Answer, type Headers, decoded, request } from "../harness/http.ts";
import { figure } from "../harness/statistics.ts";
import type { Question } from "./measure.ts";
import type { Server, ServerName } from "./servers.ts";
import type { Upstream } from "./upstream-tree.ts";

/** What pip sends. */
const PAGE_HEADERS: Headers = {
  Accept: "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01",
};
const GZIP_PAGE_HEADERS: Headers = { ...PAGE_HEADERS, "Accept-Encoding": "gzip" };
const FILE_HEADERS: Headers = { Accept: "*/*", "Accept-Encoding": "identity" };

export interface Target {
  readonly peer: ServerName;
  /** Times the peer's requests a second. */
  readonly least: number;
  readonly aim?: number;
}

export interface Row extends Question<Server> {
  readonly id: string;
  readonly title: string;
  readonly targets: readonly Target[];
}

export const ROW_IDS = ["small-page", "small-page-gzip", "large-page", "small-file", "large-file"] as const;

/** The rows over this upstream, in the order they are measured. */
export function rows(upstream: Upstream): readonly Row[] {
  const small = {
    project: "click-plugins",
    filename: "click_plugins-1.1.1.2-py2.py3-none-any.whl",
  };
  const numpy = upstream.wheels.find((wheel) => wheel.project === "numpy");
  if (numpy === undefined) throw new Error("the wheelhouse has no numpy");
  const count = figure(upstream.pages.get(numpy.project)?.files.length ?? 0);
  const smallPageTargets: readonly Target[] = [
    { peer: "devpi", least: 10 },
    { peer: "proxpi", least: 2, aim: 4 },
  ];
  return [
    pageRow(upstream, "small-page", "small page, JSON", small.project, PAGE_HEADERS, smallPageTargets),
    pageRow(
      upstream,
      "small-page-gzip",
      "small page, JSON, gzip asked for",
      small.project,
      GZIP_PAGE_HEADERS,
      smallPageTargets,
    ),
    pageRow(upstream, "large-page", `page of ${count} files, JSON, gzip asked for`, numpy.project, GZIP_PAGE_HEADERS, [
      { peer: "proxpi", least: 5, aim: 30 },
    ]),
    fileRow(upstream, "small-file", "11 KB file", small.project, small.filename, [{ peer: "proxpi", least: 1.5 }]),
    fileRow(upstream, "large-file", "17 MB file", numpy.project, numpy.filename, [
      { peer: "nginx", least: 0.7, aim: 0.9 },
    ]),
  ];
}

function pageRow(
  upstream: Upstream,
  id: string,
  title: string,
  project: string,
  headers: Headers,
  targets: readonly Target[],
): Row {
  const expected = upstream.pages.get(project)?.files.length;
  if (expected === undefined) throw new Error(`the upstream has no project ${project}`);
  return {
    id,
    title,
    headers,
    targets,
    locate: async (server) => pageUrl(server, project),
    problem: (answer) => {
      if (answer.status !== 200) return `status ${answer.status}`;
      const found = fileLinks(answer).length;
      return found === expected ? undefined : `${found} files instead of ${expected}`;
    },
  };
}

function fileRow(
  upstream: Upstream,
  id: string,
  title: string,
  project: string,
  filename: string,
  targets: readonly Target[],
): Row {
  const wheel = upstream.wheels.find((candidate) => candidate.filename === filename);
  if (wheel === undefined) throw new Error(`the wheelhouse has no ${filename}`);
  return {
    id,
    title,
    headers: FILE_HEADERS,
    targets,
    locate: async (server) => {
      const page = pageUrl(server, project);
      const answer = await request(page, PAGE_HEADERS);
      const link = fileLinks(answer).find((url) => lastSegment(url) === filename);
      if (link === undefined) throw new Error(`${page} (${answer.status}) lists no ${filename}`);
      return server.fileUrl(new URL(link, page));
    },
    problem: (answer) => {
      if (answer.status !== 200) return `status ${answer.status}`;
      const sha256 = createHash("sha256").update(decoded(answer)).digest("hex");
      return sha256 === wheel.sha256 ? undefined : "other bytes than the wheel's";
    },
  };
}

function pageUrl(server: Server, project: string): URL {
  return new URL(`${project}/`, server.simple);
}

/** The link of every file, from whichever format the server chose; without fragments. */
function fileLinks(answer: Answer): string[] {
  const text = decoded(answer).toString("utf8");
  if (answer.headers["content-type"]?.includes("json") === true) {
    const page = JSON.parse(text) as { readonly files?: readonly { readonly url: string }[] };
    return (page.files ?? []).map((file) => file.url.replace(/#.*$/, ""));
  }
  return [...text.matchAll(/<a\s[^>]*?href="([^"#]+)/g)].map((match) => match[1] ?? "");
}

function lastSegment(url: string): string {
  return decodeURIComponent(url.slice(url.lastIndexOf("/") + 1));
}
