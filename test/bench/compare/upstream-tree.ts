/** The directory that nginx serves: pages in both formats, plain and gzipped, and the files that the pages name. */
import { mkdirSync, copyFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Page, fixturePages, pageHtml, rootHtml, rootJson, wheelPage } from "../content/pages.ts";
import { type Wheel, readWheels } from "../content/wheels.ts";

export interface Upstream {
  readonly wheels: readonly Wheel[];
  readonly pages: ReadonlyMap<string, Page>;
}

/** Fills `root`. `origin` is where its files will be found. */
export function writeUpstreamTree(
  root: string,
  origin: string,
  sources: { readonly wheelhouse: string; readonly fixtures: string },
): Upstream {
  const wheels = readWheels(sources.wheelhouse);
  const pages = new Map<string, Page>();
  for (const [project, ofProject] of Map.groupBy(wheels, (wheel) => wheel.project)) {
    pages.set(project, wheelPage(project, ofProject, origin));
  }
  for (const page of fixturePages(join(sources.fixtures, "pages"), origin)) {
    pages.set(page.name, page);
  }
  const names = [...pages.keys()].toSorted();
  writePage(join(root, "simple"), rootJson(names), rootHtml(names));
  for (const page of pages.values()) {
    writePage(join(root, "simple", page.name), JSON.stringify(page), pageHtml(page));
  }
  linkFiles(root, wheels, pages.values());
  return { wheels, pages };
}

function writePage(directory: string, json: string, html: string): void {
  mkdirSync(directory, { recursive: true });
  for (const [name, text] of [
    ["index.json", json],
    ["index.html", html],
  ] as const) {
    writeFileSync(join(directory, name), text);
    writeFileSync(join(directory, `${name}.gz`), gzipSync(text));
  }
}

/** A wheel goes wherever a page lists its very bytes, so that a fixture's page serves real files too. */
function linkFiles(root: string, wheels: readonly Wheel[], pages: Iterable<Page>): void {
  const bySha256 = new Map(wheels.map((wheel) => [wheel.sha256, wheel]));
  for (const page of pages) {
    for (const file of page.files) {
      const wheel = bySha256.get(file.hashes["sha256"] ?? "");
      if (wheel?.filename !== file.filename) continue;
      const target = join(root, new URL(file.url).pathname);
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(wheel.path, target);
    }
  }
}
