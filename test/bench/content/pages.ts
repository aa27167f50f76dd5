/** Project pages as PyPI writes them: PEP 691 for those who ask, PEP 503 for the rest. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Wheel } from "./wheels.ts";

const FIXTURE_FILES = "https://files.upstream.test/";
const API_VERSION = "1.1";

export interface PageFile {
  readonly filename: string;
  readonly hashes: Readonly<Record<string, string>>;
  readonly "requires-python": string | null;
  readonly size: number;
  readonly "upload-time": string;
  readonly url: string;
  readonly yanked: boolean | string;
}

export interface Page {
  readonly files: readonly PageFile[];
  readonly meta: Readonly<Record<string, string>>;
  readonly name: string;
  readonly versions: readonly string[];
}

/**
 * The pages that PyPI gave, with their files moved to `origin`.
 *
 * The upstream has one host, so that an index which trusts no other keeps every entry.
 */
export function fixturePages(directory: string, origin: string): Page[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".json.gz"))
    .map((name) => {
      const text = gunzipSync(readFileSync(join(directory, name))).toString("utf8");
      return JSON.parse(text.replaceAll(FIXTURE_FILES, `${origin}/`)) as Page;
    });
}

/** One page for all wheels of a project. */
export function wheelPage(project: string, wheels: readonly Wheel[], origin: string): Page {
  return {
    files: wheels.map((wheel) => ({
      filename: wheel.filename,
      hashes: { sha256: wheel.sha256 },
      "requires-python": ">=3.9",
      size: wheel.size,
      "upload-time": "2026-05-18T23:33:29.955928Z",
      url: `${origin}${spreadPath(wheel)}`,
      yanked: false,
    })),
    meta: { "api-version": API_VERSION, "_last-serial": "1" },
    name: project,
    versions: wheels.map((wheel) => wheel.version),
  };
}

export function pageHtml(page: Page): string {
  const links = page.files.map((file) => {
    const python = file["requires-python"];
    const attributes = [
      `href="${file.url}#sha256=${file.hashes["sha256"] ?? ""}"`,
      ...(python === null ? [] : [`data-requires-python="${escape(python)}"`]),
      ...(file.yanked === false ? [] : [`data-yanked="${file.yanked === true ? "" : escape(file.yanked)}"`]),
    ];
    return `<a ${attributes.join(" ")}>${file.filename}</a><br>`;
  });
  return document(`Links for ${page.name}`, links);
}

export function rootJson(projects: readonly string[]): string {
  const list = projects.map((name) => ({ name, "_last-serial": 1 }));
  return JSON.stringify({
    meta: { "api-version": API_VERSION, "_last-serial": 1 },
    projects: list,
  });
}

export function rootHtml(projects: readonly string[]): string {
  const links = projects.map((name) => `<a href="/simple/${name}/">${name}</a>`);
  return document("Simple index", links);
}

/** `/packages/aa/bb/…/filename`, the shape that PyPI's file host has. */
function spreadPath(wheel: Wheel): string {
  const digest = wheel.sha256;
  const folders = [digest.slice(0, 2), digest.slice(2, 4), digest.slice(4)];
  return `/packages/${folders.join("/")}/${wheel.filename}`;
}

function document(title: string, lines: readonly string[]): string {
  const version = `<meta name="pypi:repository-version" content="${API_VERSION}">`;
  return `<!DOCTYPE html>\n<html><head>${version}<title>${title}</title></head><body>\n${lines.join("\n")}\n</body></html>\n`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
