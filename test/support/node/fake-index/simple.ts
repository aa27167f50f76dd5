import { UPLOADED, pathOf, versionsOf, type Distribution } from "./distribution.ts";

/** How an index speaks. */
export type Shape = keyof typeof SHAPES;

/** What differs between them: PyPI itself, an index that knows no PEP 658, bare PEP 503, and PyTorch's. */
export const SHAPES = {
  pypi: { json: true, metadata: true, absolute: true },
  "json without core-metadata": { json: true, metadata: false, absolute: true },
  "html only": { json: false, metadata: false, absolute: false },
  pytorch: { json: false, metadata: false, absolute: true },
} as const satisfies Record<string, { json: boolean; metadata: boolean; absolute: boolean }>;

/** What every page and listing calls the state of the index, before anything is published. */
export const SERIAL = 4_711;

/** The projects that their owners have said something of (PEP 792). */
export const STATUSES: Readonly<Record<string, { readonly status: string; readonly reason: string }>> = {
  mustard: { status: "deprecated", reason: "there is <ketchup> & more" },
};

/** A project's page as PEP 691 has it, in version 1.4 where all that one promises is there. */
export function projectJson(
  project: string,
  files: readonly Distribution[],
  shape: Shape,
  origin: string,
  serial: number,
): unknown {
  const full = SHAPES[shape].metadata;
  return {
    meta: { "api-version": full ? "1.4" : "1.0", ...(full && { "_last-serial": serial }) },
    name: project,
    ...(full && { versions: versionsOf(files), "project-status": STATUSES[project] ?? { status: "active" } }),
    files: files.map((file) => ({
      filename: file.filename,
      url: `${origin}${pathOf(file)}`,
      hashes: { sha256: file.sha256 },
      yanked: file.yanked ?? false,
      "requires-python": file.requiresPython ?? null,
      ...(full && {
        size: file.bytes.byteLength,
        "upload-time": file.uploaded ?? UPLOADED,
        "core-metadata": file.metadataSha256 ? { sha256: file.metadataSha256 } : file.metadata !== undefined,
        provenance: `${origin}${provenancePath(file)}`,
      }),
    })),
  };
}

/** A project's page, or a page of all files, as PEP 503 has it. */
export function projectHtml(files: readonly Distribution[], shape: Shape, origin: string): string {
  // PyTorch's links are absolute, PEP 503 leaves it open; a page lies two steps below the root.
  const base = SHAPES[shape].absolute ? origin : "../..";
  return html(
    files.map((file) => {
      const { yanked, requiresPython } = file;
      const attributes = [
        `href="${base}${pathOf(file)}#sha256=${file.sha256}"`,
        ...(requiresPython === undefined ? [] : [`data-requires-python="${escaped(requiresPython)}"`]),
        ...(yanked === undefined ? [] : [`data-yanked="${escaped(yanked)}"`]),
      ];
      return `<a ${attributes.join(" ")}>${file.filename}</a><br/>`;
    }),
  );
}

/** A page that pip takes for `--find-links`: every file of every project. */
export function findLinksHtml(files: readonly Distribution[]): string {
  return html(files.map((file) => `<a href="..${pathOf(file)}#sha256=${file.sha256}">${file.filename}</a><br/>`));
}

/** The root listing as PyPI has it: each project with the serial of its last change. */
export function rootJson(projects: readonly string[]): unknown {
  return {
    meta: { "api-version": "1.4", "_last-serial": SERIAL },
    projects: projects.map((name) => ({ name, "_last-serial": SERIAL })),
  };
}

/** The root listing as PEP 503 has it. */
export function rootHtml(projects: readonly string[]): string {
  return html(projects.map((name) => `<a href="${name}/">${name}</a><br/>`));
}

/** Where a file's attestations are (PEP 740). */
export function provenancePath({ project, version, filename }: Distribution): string {
  return `/integrity/${project}/${encodeURIComponent(version)}/${encodeURIComponent(filename)}/provenance`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function html(lines: readonly string[]): string {
  return `<!DOCTYPE html>\n<html><body>\n${lines.join("\n")}\n</body></html>\n`;
}
