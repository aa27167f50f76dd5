import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import * as z from "zod/mini";
import type { Burn } from "../auth/oidc/burn.ts";
import type { Exchange } from "../auth/oidc/exchange.ts";
import { IndexError } from "../errors.ts";
import { originOf } from "./access.ts";
import type { AppEnv } from "./context.ts";
import { LIFETIMES } from "./headers.ts";
import { only } from "./limits.ts";
import { problem } from "./problem.ts";

/** The largest identity tokens have a few KB. Bytes. */
const MAX_BODY = 64 * 1024;

const shape = z.object({ token: z.string() });

/** What identity tokens are exchanged by. */
export interface OidcParts {
  /** Whom they must be meant for. */
  readonly audience: string;
  /** undefined: there is no rule by which one could be exchanged. */
  readonly minting: { readonly exchange: Exchange; readonly burn: Burn } | undefined;
}

/**
 * Trusted publishing as PyPI has it and PEP 807 describes it, to be mounted at `/_/oidc`: that is where uv, twine, pdm and
 * the GitHub action look, whatever the path of the index is.
 */
export function oidcRoutes({ audience, minting }: OidcParts): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const offered = () => {
    if (!minting) throw new IndexError("no-such-route", NOT_OFFERED);
    return minting;
  };

  routes.use("/audience", only("GET", "HEAD"));
  routes.get("/audience", (c) => {
    offered();
    return c.json({ audience }, 200, LIFETIMES.live);
  });

  for (const path of ["/mint-token", "/burn-token"]) {
    routes.use(path, only("POST"), bodyLimit({ maxSize: MAX_BODY, onError: tooLarge }));
  }
  routes.post("/mint-token", async (c) => {
    const { exchange } = offered();
    const identity = tokenIn(await c.req.arrayBuffer(), "the identity token that the CI gives the job");
    const { token, expiresAt } = await exchange(identity, originOf(c), c.var.ctx);
    return c.json({ success: true, token, expires: Math.floor(expiresAt / 1_000) }, 200, LIFETIMES.live);
  });

  routes.post("/burn-token", async (c) => {
    const { burn } = offered();
    await burn(tokenIn(await c.req.arrayBuffer(), "the token that is to end"), originOf(c), c.var.ctx);
    return c.json({ message: "Accepted" }, 202, LIFETIMES.live);
  });

  // PyPI's form of an error beside our own: clients show what is in `errors`, and read JSON whatever they say they accept.
  routes.onError((error, c) =>
    problem(error, c, ({ kind, title, message }) => ({
      message: title,
      errors: [{ code: kind, description: message }],
    })),
  );
  return routes;
}

/**
 * The token in a body. The media type is not looked at: curl and older clients say another, or none.
 *
 * @param what what the token should be, for the sentence
 */
function tokenIn(bytes: ArrayBuffer, what: string): string {
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // What it is not is said below.
  }
  const { data } = shape.safeParse(body);
  if (data) return data.token;
  throw new IndexError("unprocessable", `The body must be JSON, {"token": "…"} with ${what}.`);
}

const tooLarge = () => {
  throw new IndexError("too-large", `The body is larger than ${MAX_BODY / 1024} KiB, and no token is.`);
};

const NOT_OFFERED =
  "Identity tokens are not exchanged here: there is no TRUSTED rule in the configuration. Use a token instead.";
