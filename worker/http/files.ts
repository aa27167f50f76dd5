import { Hono, type Context as HonoContext } from "hono";
import { IndexError } from "../errors.ts";
import { parseFileRef, withoutQuerySegment, type FileRef } from "../pypi/file-url.ts";
import { type FileRequest, type Repository } from "../repository/repository.ts";
import { isNotModified } from "./conditional.ts";
import { bodyIn, type AppEnv } from "./context.ts";
import { answerOf, cacheStatus, httpDate, LIFETIMES, projectTag } from "./headers.ts";
import { contentRange, mayBePartial, parseRange } from "./range.ts";
import { servedPath } from "./served-path.ts";
import { discard, type Artifact } from "../repository/artifact.ts";
import type { Context } from "../repository/context.ts";

type Headers = Record<string, string> & { "Last-Modified": string };

type FileLifetime = typeof LIFETIMES.file | typeof LIFETIMES.judgedFile;

/**
 * The files of one index and their `.metadata`.
 *
 * @param lifetime of a file that is verified
 * @param at the path where the routes are mounted; ends in `/`
 * @param folder host and folder of the upstream that paths are relative to; ends in `/`. Empty where paths begin with the
 *   host
 */
export function fileRoutes(repository: Repository, lifetime: FileLifetime, at: string, folder = ""): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.get("/*", async (c) => {
    const request = { ref: refOf(c, at, folder), headOnly: c.req.method === "HEAD" };
    const range = await rangeOf(c, request, repository, lifetime);
    const artifact = await find(repository, { ...request, range }, c.get("ctx"));
    const headers = headersOf(artifact, lifetime);
    if (isNotModified(c, headers["ETag"], artifact.modifiedAt)) {
      await discard(artifact);
      return answerOf(null, headers, { status: 304 });
    }
    return answer(c, request.ref, artifact, headers);
  });

  return routes;
}

/**
 * The requested range. It is undefined for HEAD requests, and if `If-Range` names another version of the file. To check
 * `If-Range`, the present version is looked up.
 */
async function rangeOf(c: HonoContext<AppEnv>, request: FileRequest, repository: Repository, lifetime: FileLifetime) {
  const range = request.headOnly ? undefined : parseRange(c.req.header("Range"));
  const ifRange = c.req.header("If-Range");
  if (!range || ifRange === undefined) return range;
  const artifact = await find(repository, { ...request, headOnly: true }, c.get("ctx"));
  await discard(artifact);
  const headers = headersOf(artifact, lifetime);
  return mayBePartial(ifRange, headers["ETag"], headers["Last-Modified"]) ? range : undefined;
}

async function find(repository: Repository, request: FileRequest, ctx: Context): Promise<Artifact> {
  const artifact = await repository.file(request, ctx);
  if (artifact) return artifact;
  throw new IndexError(
    "file-not-found",
    `No project that ${request.ref.filename} could belong to is in this index or its upstream.`,
  );
}

/** Answers with the whole file, the requested part, or 416. */
async function answer(c: HonoContext<AppEnv>, ref: FileRef, artifact: Artifact, headers: Headers): Promise<Response> {
  const { part, size } = artifact;
  if (part) headers["Content-Range"] = contentRange(part, size);
  // A part that is passed on from the upstream is not verified, so no cache may store it.
  if (part === "unsatisfiable" || (part && artifact.via === "upstream")) storeNowhere(headers);
  if (part === "unsatisfiable") return answerOf(null, headers, { status: 416 });
  headers["Content-Type"] = ref.part === "file" ? "application/octet-stream" : "text/plain; charset=utf-8";
  const length = part?.length ?? size;
  if (length !== undefined) headers["Content-Length"] = String(length);
  if (c.req.method === "HEAD") {
    await discard(artifact);
    return answerOf(null, headers);
  }
  return answerOf(bodyIn(c, artifact.body), headers, { status: part ? 206 : 200 });
}

function storeNowhere(headers: Headers): void {
  delete headers["Cloudflare-CDN-Cache-Control"];
  Object.assign(headers, LIFETIMES.error);
}

/**
 * Reads the reference from the raw path: the router decodes its parameters, and `%2F` must not become a slash. The segments
 * before it are counted, because a view's may be escaped: pip escapes its "=".
 */
function refOf(c: HonoContext, at: string, folder: string): FileRef {
  const path = servedPath(c.req.url)
    .split("/")
    .slice(at.split("/").length - 1);
  return withoutQuerySegment(parseFileRef(folder + path.join("/")));
}

/**
 * The ETag is the digest on the project's page, so it is the same before and after the file is stored. A file that is not
 * verified yet gets the short lifetime of a page.
 */
function headersOf({ digest, modifiedAt, project, unchecked, via }: Artifact, lifetime: FileLifetime): Headers {
  const headers: Headers = {
    ...(unchecked ? LIFETIMES.page : lifetime),
    "Accept-Ranges": "bytes",
    ...cacheStatus(via),
    ...projectTag(project),
    "Last-Modified": httpDate(modifiedAt),
  };
  if (digest) headers["ETag"] = `"${digest.algorithm === "sha256" ? "" : `${digest.algorithm}-`}${digest.hex}"`;
  return headers;
}
