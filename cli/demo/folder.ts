import type { IncomingMessage } from "node:http";
import type { WitnessAnswer, WitnessSource } from "./witness.ts";
import type { Wheel } from "./wheel.ts";

const JSON_TYPE = "application/vnd.pypi.simple.v1+json";

/**
 * A small index of wheels held in memory. It serves pages as PEP 691 JSON to clients that ask for JSON, and as PEP 503 HTML to
 * all others; and the wheels and their `.metadata`.
 */
export function wheelFolder(wheels: readonly Wheel[]): WitnessSource {
  const projects = Map.groupBy(wheels, (wheel) => wheel.project);
  const files = new Map<string, WitnessAnswer>();
  for (const wheel of wheels) {
    files.set(`/files/${wheel.filename}`, found("application/octet-stream", wheel.bytes));
    files.set(`/files/${wheel.filename}.metadata`, found("text/plain", wheel.metadata));
  }
  return (request) => {
    const path = request.url ?? "/";
    const project = /^\/simple\/([^/]+)\/$/.exec(path)?.[1] ?? "";
    const own = projects.get(project);
    if (own !== undefined) return Promise.resolve(page(project, own, request));
    if (path === "/simple/") return Promise.resolve(root([...projects.keys()], request));
    return Promise.resolve(files.get(path) ?? absent(path));
  };
}

function page(project: string, wheels: readonly Wheel[], request: IncomingMessage): WitnessAnswer {
  if (!wantsJson(request)) {
    const links = wheels.map(
      (wheel) =>
        `<a href="../../files/${wheel.filename}#sha256=${wheel.sha256}" data-core-metadata="sha256=${wheel.metadataSha256}">${wheel.filename}</a><br>`,
    );
    return html(links);
  }
  return json({
    meta: { "api-version": "1.1" },
    name: project,
    versions: wheels.map((wheel) => wheel.version),
    files: wheels.map((wheel) => ({
      filename: wheel.filename,
      url: `../../files/${wheel.filename}`,
      hashes: { sha256: wheel.sha256 },
      size: wheel.bytes.byteLength,
      "core-metadata": { sha256: wheel.metadataSha256 },
    })),
  });
}

function root(projects: readonly string[], request: IncomingMessage): WitnessAnswer {
  if (!wantsJson(request)) return html(projects.map((name) => `<a href="${name}/">${name}</a><br>`));
  return json({ meta: { "api-version": "1.1" }, projects: projects.map((name) => ({ name })) });
}

function wantsJson(request: IncomingMessage): boolean {
  return (request.headers.accept ?? "").includes(JSON_TYPE);
}

function json(value: unknown): WitnessAnswer {
  return found(JSON_TYPE, Buffer.from(JSON.stringify(value)));
}

function html(lines: readonly string[]): WitnessAnswer {
  return found("text/html", Buffer.from(`<!DOCTYPE html><body>\n${lines.join("\n")}\n</body>\n`));
}

function found(type: string, body: Uint8Array): WitnessAnswer {
  return { status: 200, headers: { "content-type": type }, body };
}

function absent(path: string): WitnessAnswer {
  return {
    status: 404,
    headers: { "content-type": "text/plain" },
    body: Buffer.from(`There is no file at ${path}.\n`),
  };
}
