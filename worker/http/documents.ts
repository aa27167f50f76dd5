import { Hono, type Context as HonoContext } from "hono";
import { badRequest, IndexError, messageOf } from "../errors.ts";
import { DOCUMENT_TYPES, type DocumentRef } from "../pypi/document.ts";
import { asFilename } from "../pypi/filename.ts";
import { fingerprint } from "../pypi/fingerprint.ts";
import { withOwnFacts, type ShownFile } from "../pypi/json-api.ts";
import { parseProjectName, type ProjectName } from "../pypi/name.ts";
import { shownVerdict } from "../pypi/shown-provenance.ts";
import { isVersion, versionOf } from "../pypi/version.ts";
import type { Context } from "../repository/context.ts";
import type { Document } from "../repository/document.ts";
import { gzipped } from "../repository/gzip.ts";
import type { KnownBuilders } from "../repository/ports/provenance.ts";
import type { Repository } from "../repository/repository.ts";
import type { AppEnv } from "./context.ts";
import { LIFETIMES, projectTag, storedHeaders } from "./headers.ts";
import { pathOf } from "./path.ts";
import { redirectToCanonical } from "./redirect.ts";
import { sendStored } from "./send-stored.ts";
import { aliasOf } from "./served-path.ts";

/** What the routes need. */
export interface DocumentRouteOptions {
  readonly repository: Repository;
  readonly name: string;
  readonly base: string;
  /** The public address without a final slash; empty where it is the request's own. */
  readonly publicUrl: string;
  /** The upstream's folder that is served at `{base}/packages/`; undefined where there is no upstream. */
  readonly packages: URL | undefined;
  /** Whether the index has times for serials. */
  readonly isDated: boolean;
  /** The keys of its sources. */
  readonly sources: readonly string[];
  readonly builders: KnownBuilders;
}

/** Part of every ETag. To be raised when the JSON is rewritten in another way while its source stays the same. */
const JSON_FORM = "json-3";

/** PyPI's JSON of projects and releases, to be mounted at `{base}/pypi`. */
export function jsonRoutes(index: DocumentRouteOptions): Hono<AppEnv> {
  const { repository, name, base, publicUrl, packages, isDated } = index;
  const routes = new Hono<AppEnv>();

  // A project's JSON and a release's are one route: see createApp.
  routes.get("/:project/:rest{json|[^/]+/json}", async (c) => {
    const project = parseProjectName(c.req.param("project"));
    const rest = c.req.param("rest");
    const ref: DocumentRef =
      rest === "json"
        ? { kind: "project-json", project }
        : { kind: "release-json", project, version: parseVersion(rest.slice(0, -"/json".length)) };
    const redirect = spelledOtherwise(c, base, project);
    if (redirect) return redirect;
    const document = await find(repository, ref, c);
    const root = publicUrl || new URL(c.req.url).origin;
    const alias = root + aliasOf(name, base);
    // Only those of the default index have paths that begin so without being an alias.
    const own = packages && base === "" ? { root: `${root}/packages/`, of: packages } : undefined;
    const here = { alias, packages: own };
    const verified = await shownVerdicts(index, project, c.get("ctx"));
    const form = {
      tag: `${JSON_FORM}.${fingerprint(`${alias} ${packages?.href} ${JSON.stringify([...verified])}`)}`,
      type: DOCUMENT_TYPES.json,
      vary: "Accept-Encoding",
      async body(gzip: boolean) {
        const bytes = new TextEncoder().encode(withOwnFacts(await document.text(), here, verified));
        return gzip ? gzipped(bytes) : bytes;
      },
    };
    // Cloudflare's cache does not distinguish host names.
    const lifetime = publicUrl ? LIFETIMES.page : LIFETIMES.ownHost;
    return sendStored(c, form, { ...lifetime, ...headersOf(document, project, c.get("ctx").now, isDated) }, document);
  });

  return routes;
}

/** Files' provenance (PEP 740), to be mounted at `{base}/integrity`. */
export function provenanceRoutes({ repository, base }: DocumentRouteOptions): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.get("/:project/:version/:filename/provenance", async (c) => {
    const project = parseProjectName(c.req.param("project"));
    const version = parseVersion(c.req.param("version"));
    const filename = asFilename(c.req.param("filename"));
    if (!filename) throw badRequest("This is not a provenance's address: its last segment but one is not a filename.");
    const redirect = spelledOtherwise(c, base, project);
    if (redirect) return redirect;
    if (versionOf(filename, project) !== version) {
      throw notFound(`${filename} is no file of ${project} ${version}.`);
    }
    const document = await find(repository, { kind: "provenance", project, version, filename }, c);
    const form = {
      tag: document.head.type,
      type: DOCUMENT_TYPES[document.head.type],
      vary: "Accept-Encoding",
      body: async (gzip: boolean) => (gzip ? document.gzip() : document.json()),
    };
    return sendStored(c, form, { ...LIFETIMES.page, ...headersOf(document, project, c.get("ctx").now) }, document);
  });

  return routes;
}

/** What is known of who built the project's files, by filename; nothing where the database does not answer, or no rule asks for it. */
async function shownVerdicts(
  { sources, builders }: DocumentRouteOptions,
  project: ProjectName,
  ctx: Context,
): Promise<ReadonlyMap<string, ShownFile>> {
  try {
    const known = await builders.of(sources, project);
    return new Map([...known].map(([name, { sha256, verdict }]) => [name, { sha256, shown: shownVerdict(verdict) }]));
  } catch (error) {
    ctx.report({ event: "storage-failed", what: `who built files of ${project}`, reason: messageOf(error) });
    return new Map();
  }
}

async function find(repository: Repository, ref: DocumentRef, c: HonoContext<AppEnv>): Promise<Document> {
  const document = await repository.document({ ref }, c.get("ctx"));
  if (document) return document;
  throw notFound(
    ref.kind === "provenance"
      ? `The page of ${ref.project} lists no ${ref.filename} with provenance, or there is no such project in this index.`
      : `There is no JSON of this project or release: its upstream does not have it, or has no JSON API. The Simple API may know more.`,
  );
}

function headersOf(document: Document, project: ProjectName, now: number, isDated = false) {
  return { ...storedHeaders(document, now, isDated), ...projectTag(project) };
}

/** Redirects to the normalised name as pages do, because clients take the name from a filename. */
function spelledOtherwise(c: HonoContext, base: string, project: ProjectName): Response | undefined {
  const segments = pathOf(c.req.url).split("/");
  segments[base.split("/").length + 1] = project;
  return redirectToCanonical(c, segments.join("/"));
}

function parseVersion(text: string): string {
  if (isVersion(text)) return text;
  throw badRequest(`${JSON.stringify(text.slice(0, 80))} is not a version (PEP 440), or has more than 100 characters.`);
}

const notFound = (sentence: string) => new IndexError("document-not-found", sentence);
