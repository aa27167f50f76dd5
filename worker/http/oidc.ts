import { Hono } from "hono";
import * as z from "zod/mini";
import type { BurnToken } from "../auth/oidc/burn.ts";
import type { ExchangeToken } from "../auth/oidc/exchange.ts";
import { inSeconds } from "../duration.ts";
import { IndexError } from "../errors.ts";
import { parsedJson } from "../pypi/parsed-json.ts";
import { readBodyUpTo } from "./api/request-body.ts";
import type { AppEnv } from "./context.ts";
import { LIFETIMES } from "./headers.ts";
import { allowOnly } from "./limits.ts";
import { problem } from "./problem.ts";
import type { Settling } from "./settle.ts";

/** Identity tokens have a few KB. Bytes. */
const MAX_BODY_BYTES = 64 * 1024;

const shape = z.object({ token: z.string() });

/** What the routes need. */
export interface OidcRouteOptions {
  /** The `aud` that identity tokens must have. */
  readonly audience: string;
  readonly settling: Pick<Settling, "settle">;
  /** undefined where there are no TRUSTED rules. */
  readonly tokenExchange: { readonly exchange: ExchangeToken; readonly burn: BurnToken } | undefined;
}

/**
 * Trusted publishing as on PyPI and in PEP 807, to be mounted at `/_/oidc`: uv, twine, pdm and the GitHub action look
 * there, whatever the path of the index is.
 */
export function oidcRoutes({ audience, settling, tokenExchange }: OidcRouteOptions): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const offered = () => {
    if (!tokenExchange) throw new IndexError("no-such-route", NOT_OFFERED);
    return tokenExchange;
  };

  routes.use("/audience", allowOnly("GET", "HEAD"));
  routes.get("/audience", (c) => {
    offered();
    return c.json({ audience }, 200, LIFETIMES.live);
  });

  for (const path of ["/mint-token", "/burn-token"]) routes.use(path, allowOnly("POST"));
  routes.post("/mint-token", async (c) => {
    const { exchange } = offered();
    const identity = await readToken(c.req.raw, "the identity token that the CI gives the job");
    const origin = c.get("facts").clientAddress(c.req.raw);
    const { token, expiresAt } = await settling.settle(() => exchange(identity, origin, c.get("ctx")));
    return c.json({ success: true, token, expires: Math.floor(inSeconds(expiresAt)) }, 200, LIFETIMES.live);
  });

  routes.post("/burn-token", async (c) => {
    const { burn } = offered();
    const token = await readToken(c.req.raw, "the token to revoke");
    await settling.settle(() => burn(token, c.get("facts").clientAddress(c.req.raw), c.get("ctx")));
    return c.json({ message: "Accepted" }, 202, LIFETIMES.live);
  });

  // PyPI's error format in addition to ours: clients print what is in `errors`, and read JSON whatever their Accept header
  // says.
  routes.onError((error, c) =>
    problem(error, c, ({ kind, title, message }) => ({
      message: title,
      errors: [{ code: kind, description: message }],
    })),
  );
  return routes;
}

/**
 * Reads the token from a JSON body. The media type is ignored, because curl and older clients send a wrong one or none.
 *
 * @param what names the expected token in the message
 */
async function readToken(request: Request, what: string): Promise<string> {
  const bytes = await readBodyUpTo(request, MAX_BODY_BYTES, "The body", new IndexError("too-large", TOO_LARGE));
  const { data } = shape.safeParse(parsedJson(new TextDecoder().decode(bytes)));
  if (data) return data.token;
  throw new IndexError("unprocessable", `The body must be JSON, {"token": "…"} with ${what}.`);
}

const TOO_LARGE = `The body is larger than ${MAX_BODY_BYTES / 1024} KiB, and no token is.`;

const NOT_OFFERED =
  "Identity tokens are not exchanged here: there is no TRUSTED rule in the configuration. Use a token instead.";
