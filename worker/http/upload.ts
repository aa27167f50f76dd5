import { Hono, type Context as HonoContext } from "hono";
import type { IndexConfig } from "../../schema/indexes.ts";
import { SOME_PROJECT } from "../auth/principal.ts";
import { IndexError, methodNotAllowed } from "../errors.ts";
import type { OpenStage } from "../publishing/ports.ts";
import type { Publish } from "../publishing/submission.ts";
import type { Gate } from "./access.ts";
import type { AppEnv } from "./context.ts";
import { LIFETIMES } from "./headers.ts";
import { problem } from "./problem.ts";
import { bodyOf } from "./upload/body.ts";
import { readForm } from "./upload/form.ts";
import { withReason } from "./upload/reason.ts";

/** What the platform lets through in one request, and a machine of one's own as well, so that both are the same. Bytes. */
const MAX_BODY = 100_000_000;

/** What uploads are taken with. */
export interface UploadParts {
  readonly index: IndexConfig;
  readonly gate: Gate;
  readonly openStage: OpenStage;
  readonly publish: Publish;
}

/** The upload API, to be mounted at an index's base: `/legacy/` and, without a redirect, `/legacy`. */
export function uploadRoutes(parts: UploadParts): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  for (const path of ["/legacy", "/legacy/"]) {
    routes.post(path, (c) => upload(c, parts));
    routes.all(path, ({ req }) => {
      throw methodNotAllowed(req.method, ["POST"]);
    });
  }
  routes.onError((error, c) => withReason(problem(error, c), error));
  return routes;
}

/** Where people send uploads who take the address of an index, or that of its pages, for the one that takes them. */
export function misdirectedRoutes(index: IndexConfig): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.post("/", async ({ req }) => {
    await bodyOf(req.raw, MAX_BODY, () => tooLarge(index.name)).drain();
    throw elsewhere(index);
  });
  routes.onError((error, c) => withReason(problem(error, c), error));
  return routes;
}

async function upload(c: HonoContext<AppEnv>, { index, gate, openStage, publish }: UploadParts): Promise<Response> {
  const body = bodyOf(c.req.raw, MAX_BODY, () => tooLarge(index.name));
  try {
    if (!index.hosted) throw noUploads(index.name);
    const author = await gate(c, { scope: "upload", index: index.name, project: SOME_PROJECT });
    if (Number(c.req.header("Content-Length") ?? 0) > MAX_BODY) throw tooLarge(index.name);
    const form = await readForm(c.req.header("Content-Type"), body, openStage);
    try {
      const { kind, distribution } = await publish({ index, author, ...form }, c.var.ctx);
      const { filename } = distribution;
      const said =
        kind === "published"
          ? `Published ${filename} in ${index.name}.`
          : `${filename} is in ${index.name} already, with these very bytes; nothing has changed.`;
      return c.text(`${said}\n`, 200, LIFETIMES.live);
    } finally {
      c.var.ctx.defer(form.staged.discard());
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
    `The index ${index} takes no uploads: upload to /INDEX/legacy/ with the name of one that does, which wrangler.toml shows (hosted = true).`,
  );

const tooLarge = (index: string) =>
  new IndexError(
    "too-large",
    `This upload is larger than the ${MAX_BODY / 1_000_000} MB that one request can carry. Upload it in parts: pypi-edge upload FILE --index ${index}`,
  );
