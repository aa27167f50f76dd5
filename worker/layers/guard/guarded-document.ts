import { IndexError } from "../../errors.ts";
import type { DocumentRef } from "../../pypi/document.ts";
import { newestRelease } from "../../pypi/newest.ts";
import { canonicalVersion } from "../../pypi/pep440.ts";
import type { FileEntry, ProjectPage } from "../../pypi/page.ts";
import { versionOf } from "../../pypi/version.ts";
import type { Context } from "../../repository/context.ts";
import type { Document } from "../../repository/document.ts";
import type { Repository } from "../../repository/repository.ts";

type Json = Record<string, unknown>;

/**
 * PyPI's JSON of a project or a release with the files only that the index shows. Where the newest release is refused, a
 * project's JSON describes the newest one that is admitted: that is one document more.
 *
 * @param page what the index shows of the project
 * @throws IndexError `document-not-found` where the index shows no such release
 */
export async function guardedJson(
  ref: Extract<DocumentRef, { kind: "project-json" | "release-json" }>,
  document: Document,
  page: ProjectPage,
  inner: Repository,
  ctx: Context,
): Promise<Document> {
  const shown = new Map(page.files.map((entry) => [entry.filename as string, entry]));
  const versions = new Set(page.files.map(({ filename }) => canonicalVersion(versionOf(filename, page.name) ?? "")));
  const isShown = (version: unknown) => typeof version === "string" && versions.has(canonicalVersion(version));
  if (ref.kind === "release-json" && !isShown(ref.version)) {
    await document.cancel();
    throw notShown(ref.version, page);
  }
  const whole = await parsed(document);
  let { info, urls, vulnerabilities } = whole;
  if (ref.kind === "project-json" && !isShown(isObject(info) ? info["version"] : undefined)) {
    const newest = newestVersion(page);
    const below =
      newest === undefined
        ? null
        : await inner.document({ ref: { kind: "release-json", project: page.name, version: newest } }, ctx);
    if (!below) throw notShown(newest, page);
    ({ info, urls, vulnerabilities } = await parsed(below));
  }
  const releases = isObject(whole["releases"])
    ? Object.fromEntries(
        Object.entries(whole["releases"])
          .filter(([version]) => isShown(version))
          .map(([version, files]) => [version, shownFiles(files, shown)]),
      )
    : undefined;
  // Its serial is the upstream's, of what the index does not show as well.
  const { last_serial: _, ...rest } = whole;
  const text = { ...rest, info, ...(releases && { releases }), urls: shownFiles(urls, shown), vulnerabilities };
  return document.rewritten(JSON.stringify(text), ctx.now);
}

async function parsed(document: Document): Promise<Json> {
  const value = JSON.parse(await document.text()) as unknown;
  return isObject(value) ? value : {};
}

function shownFiles(files: unknown, shown: ReadonlyMap<string, FileEntry>): unknown[] {
  return (Array.isArray(files) ? (files as unknown[]) : []).flatMap((file) => {
    const filename = isObject(file) ? file["filename"] : undefined;
    const entry = typeof filename === "string" ? shown.get(filename) : undefined;
    if (!entry || !isObject(file)) return [];
    const { yanked = false } = entry;
    return [{ ...file, yanked: yanked !== false, yanked_reason: typeof yanked === "string" ? yanked : null }];
  });
}

/** The version that installers would choose of what is shown. */
function newestVersion({ name, files }: ProjectPage): string | undefined {
  const [newest] = newestRelease(name, files);
  const entry = newest ?? files.at(-1);
  return entry && versionOf(entry.filename, name);
}

const notShown = (version: string | undefined, { name }: ProjectPage) =>
  new IndexError(
    "document-not-found",
    `There is no JSON of ${name}${version === undefined ? "" : ` ${version}`}: the page of ${name} in this index lists no such release.`,
  );

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
