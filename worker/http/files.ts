import { Hono, type Context as HonoContext } from "hono";
import { IndexError } from "../errors.ts";
import { parseFileRef, type FileRef } from "../pypi/file-url.ts";
import type { Artifact, Repository } from "../repository/repository.ts";
import type { AppEnv } from "./env.ts";
import { cacheStatus, httpDate, LIFETIMES, projectTag } from "./headers.ts";
import { etagMatches } from "./negotiate.ts";
import { pathOf } from "./path.ts";

/** The mirrored files of one index and their `.metadata`, to be mounted at its `…/files`. */
export function fileRoutes(repository: Repository): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  routes.get("/*", async (c) => {
    const ref = refOf(c);
    const artifact = await repository.file({ ref, headOnly: c.req.method === "HEAD" }, c.var.ctx);
    if (!artifact) throw unknown(ref);
    const headers = headersOf(artifact);
    if (etagMatches(c.req.header("If-None-Match"), headers["ETag"])) {
      await cancel(artifact);
      return new Response(null, { status: 304, headers });
    }
    headers["Content-Type"] = ref.part === "file" ? "application/octet-stream" : "text/plain; charset=utf-8";
    if (artifact.size !== undefined) headers["Content-Length"] = String(artifact.size);
    if (c.req.method === "HEAD") {
      await cancel(artifact);
      return new Response(null, { headers });
    }
    return new Response(artifact.body as BodyInit | null, { headers });
  });

  return routes;
}

/** The reference in the request's own path: a router decodes on its way, and `%2F` must not become a slash. */
function refOf(c: HonoContext): FileRef {
  const pathname = pathOf(c.req.url);
  return parseFileRef(pathname.slice(pathname.indexOf("/files/") + "/files/".length));
}

/** The ETag is the digest on the project's page, so it is the same before and after the file is stored. */
function headersOf({ digest, modifiedAt, project, via }: Artifact): Record<string, string> {
  const headers: Record<string, string> = {
    ...LIFETIMES.file,
    ...cacheStatus(via),
    ...projectTag(project),
    "Last-Modified": httpDate(modifiedAt),
  };
  if (digest) headers["ETag"] = `"${digest.algorithm === "sha256" ? "" : `${digest.algorithm}-`}${digest.hex}"`;
  return headers;
}

async function cancel({ body }: Artifact): Promise<void> {
  if (body instanceof ReadableStream) await body.cancel();
}

const unknown = (ref: FileRef) =>
  new IndexError("file-not-found", `No project that ${ref.filename} could belong to is in this index or its upstream.`);
