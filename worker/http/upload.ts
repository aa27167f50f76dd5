import { Hono, type Context as HonoContext } from "hono";
import type { IndexConfig } from "../../schema/indexes.ts";
import { SOME_PROJECT } from "../auth/principal.ts";
import { IndexError, methodNotAllowed } from "../errors.ts";
import { asProjectName } from "../pypi/name.ts";
import type { OpenStagingFile } from "../publishing/ports.ts";
import type { Publish } from "../publishing/publish-request.ts";
import type { Authorize } from "./access.ts";
import type { AppEnv } from "./context.ts";
import { LIFETIMES } from "./headers.ts";
import { problem } from "./problem.ts";
import type { Settling } from "./settle.ts";
import { uploadText } from "./upload-text.ts";
import { uploadBodyOf } from "./upload/body.ts";
import { readUploadForm } from "./upload/form.ts";
import { withReasonPhrase } from "./reason-phrase.ts";

/** Cloudflare's limit for a request body; a Node server has the same, so that both behave alike. Bytes. */
const MAX_BODY_BYTES = 100_000_000;

/** A project, or a release of one, below the address of an index's uploads. */
const BELOW_UPLOADS = /^((?:\/[^/]+)?)\/legacy\/([^/]+)((?:\/[^/]+)?)\/?$/;

/** What the routes need. */
export interface UploadRouteOptions {
  readonly index: IndexConfig;
  readonly authorize: Authorize;
  readonly settling: Settling;
  readonly openStagingFile: OpenStagingFile;
  readonly publish: Publish;
}

/** The upload API, to be mounted at an index's base: at `/legacy/` and, without a redirect, at `/legacy`. */
export function uploadRoutes(parts: UploadRouteOptions): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  for (const path of ["/legacy", "/legacy/"]) {
    routes.post(path, (c) => handleUpload(c, parts));
    routes.all(path, ({ req }) => {
      throw methodNotAllowed(req.method, ["POST"]);
    });
  }
  routes.onError((error, c) => withReasonPhrase(problem(error, c), error));
  return routes;
}

/** Answers uploads that were sent to the address of an index, or of its pages, with the right address. */
export function misdirectedUploadRoutes(index: IndexConfig): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.post("/", async ({ req }) => {
    await uploadBodyOf(req.raw, MAX_BODY_BYTES, () => tooLarge(index.name)).drain();
    throw elsewhere(index);
  });
  routes.onError((error, c) => withReasonPhrase(problem(error, c), error));
  return routes;
}

/**
 * Where the page is for what a client has published and for which it prints an address below that of the uploads, as hatch does: devpi
 * has a page there. Undefined for any other address. It is no route: beside `legacy/+simple/` Hono would match all with its slower router.
 */
export function pageOfPublished(path: string, indexes: readonly Pick<IndexConfig, "base" | "hosted">[]) {
  const [, base, name = "", version = ""] = BELOW_UPLOADS.exec(path) ?? [];
  const isHosting = indexes.some((index) => index.hosted && index.base === base);
  return isHosting && asProjectName(name) !== undefined ? `${base}/project/${name}${version}/` : undefined;
}

async function handleUpload(
  c: HonoContext<AppEnv>,
  { index, authorize, settling, openStagingFile: openStage, publish }: UploadRouteOptions,
): Promise<Response> {
  const body = uploadBodyOf(c.req.raw, MAX_BODY_BYTES, () => tooLarge(index.name));
  try {
    if (!index.hosted) throw noUploads(index.name);
    const author = await authorize(c, { scope: "upload", index: index.name, project: SOME_PROJECT });
    if (Number(c.req.header("Content-Length") ?? 0) > MAX_BODY_BYTES) throw tooLarge(index.name);
    const form = await readUploadForm(c.req.header("Content-Type"), body, openStage);
    try {
      const { kind, distribution, firstOf } = await settling.settle(() =>
        publish({ index, author, ...form }, c.get("ctx")),
      );
      const remains = firstOf && (await settling.purge(c, index.name, firstOf));
      const said = uploadText({ kind, filename: distribution.filename, index: index.name });
      return c.text(`${said}${remains ? ` ${remains}` : ""}\n`, 200, LIFETIMES.live);
    } finally {
      c.get("ctx").defer(form.staged.discard());
    }
  } catch (error) {
    await body.drain();
    throw error;
  }
}

const elsewhere = ({ name, base, hosted }: IndexConfig) =>
  hosted
    ? new IndexError("method-not-allowed", `Uploads to ${name} go to ${base}/legacy/, not here.`, { allow: READING })
    : noUploads(name);

const READING = ["GET", "HEAD"];

const noUploads = (index: string) =>
  new IndexError(
    "not-allowed",
    `The index ${index} takes no uploads: only an index with hosted = true in the configuration does. Upload to /INDEX/legacy/, where INDEX is one of those.`,
  );

const tooLarge = (index: string) =>
  new IndexError(
    "too-large",
    `This upload is larger than the ${MAX_BODY_BYTES / 1_000_000} MB that one request can carry. Upload it in parts: pypi-edge upload FILE --index ${index}`,
  );
