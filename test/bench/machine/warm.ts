/** What is asked of servers that have everything stored. */
import { createHash } from "node:crypto";
import type { Wheel } from "../../../cli/demo/wheel.ts";
import type { Question } from "../compare/measure.ts";
import type { Page } from "../content/pages.ts";
import { type Answer, type Headers, decoded } from "../harness/http.ts";
import { figure } from "../harness/statistics.ts";
import { locateFile } from "../stream/download.ts";
import type { WayName, WayServer } from "./ways.ts";

export interface WarmServer extends WayServer {
  readonly name: WayName;
}

export interface WarmRow extends Question<WarmServer> {
  readonly title: string;
}

const JSON_PAGE: Headers = { Accept: "application/vnd.pypi.simple.v1+json" };
const FILE: Headers = { Accept: "*/*", "Accept-Encoding": "identity" };

/** @param small,medium,large wheels whose pages list them alone */
export function warmRows(small: Wheel, medium: Wheel, large: Wheel, page: Page): readonly WarmRow[] {
  const count = page.files.length;
  return [
    pageRow("a small page, JSON", small.project, 1, JSON_PAGE),
    pageRow(`a page of ${figure(count)} files, gzip asked for`, page.name, count, {
      ...JSON_PAGE,
      "Accept-Encoding": "gzip",
    }),
    bytesRow("`.metadata`", small, ".metadata", small.metadataSha256),
    bytesRow("a 20 KB file", small, "", small.sha256),
    bytesRow("a 70 KB file", medium, "", medium.sha256),
    bytesRow(`a ${figure(Math.round(large.bytes.byteLength / 1e6))} MB file`, large, "", large.sha256),
  ];
}

function pageRow(title: string, project: string, files: number, headers: Headers): WarmRow {
  return {
    title,
    headers,
    locate: async ({ simple }) => new URL(`${project}/`, simple),
    problem: (answer) => wrongStatus(answer) ?? wrongCount(filesOn(answer), files),
  };
}

function bytesRow(title: string, wheel: Wheel, suffix: "" | ".metadata", sha256: string): WarmRow {
  return {
    title,
    headers: FILE,
    locate: async ({ simple }) => new URL(`${(await locateFile(simple, wheel.project)).href}${suffix}`),
    problem: (answer) => {
      const right = createHash("sha256").update(decoded(answer)).digest("hex") === sha256;
      return wrongStatus(answer) ?? (right ? undefined : "other bytes than the upstream's");
    },
  };
}

/** How many files a page in JSON lists. */
export function filesOn(answer: Answer): number {
  return (
    decoded(answer)
      .toString("utf8")
      .match(/"filename":/g)?.length ?? 0
  );
}

function wrongStatus({ status }: Answer): string | undefined {
  return status === 200 ? undefined : `status ${status}`;
}

function wrongCount(found: number, expected: number): string | undefined {
  return found === expected ? undefined : `${found} files instead of ${expected}`;
}
