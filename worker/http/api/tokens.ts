import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { expiryOf } from "../../../schema/expiry.ts";
import { newToken, type ShownToken } from "../../../schema/token.ts";
import { administers, demandNoLonger, demandProjects } from "../../auth/covers.ts";
import type { Author, Deed } from "../../auth/deed.ts";
import type { Token, TokenStore } from "../../auth/ports.ts";
import { demand, SOME_INDEX, SOME_PROJECT, type Grant, type Wish } from "../../auth/principal.ts";
import { hashOf, makeToken } from "../../auth/token.ts";
import { badRequest, IndexError } from "../../errors.ts";
import type { Gate } from "../access.ts";
import type { AppEnv } from "../context.ts";
import { LIFETIMES } from "../headers.ts";
import { only } from "../limits.ts";
import { readJson } from "./json.ts";
import { parametersOf } from "./parameters.ts";

/** What tokens are made, listed and revoked with. */
export interface TokensApi {
  readonly gate: Gate;
  readonly tokens: TokenStore;
  readonly indexes: readonly { readonly name: string; /** Whether it takes uploads. */ readonly hosted: boolean }[];
}

/** What has to do with the tokens of an index, its admin may do, and who is admin of some of its projects. */
const administering = (index: Wish["index"]): Wish => ({ scope: "admin", index, project: SOME_PROJECT });

/** A request whose maker has been let in. */
interface AdmittedEnv {
  Variables: AppEnv["Variables"] & { author: Author };
}

/** Tokens made, listed and revoked, to be mounted at `/-/api/tokens`. */
export function tokenRoutes({ gate, tokens, indexes }: TokensApi): Hono<AdmittedEnv> {
  const routes = new Hono<AdmittedEnv>();
  const admitted = createMiddleware<AdmittedEnv>(async (c, next) => {
    c.set("author", await gate(c, administering(SOME_INDEX)));
    await next();
  });
  routes.use("/", admitted, only("GET", "HEAD", "POST"));
  routes.use("/:id", admitted, only("DELETE"));

  routes.post("/", async (c) => {
    const { author, ctx } = c.var;
    parametersOf(c.req.url, []);
    const { name, index, scopes, projects, expires } = await readJson(c.req.raw, newToken);
    demandKnown(index, indexes);
    demand(author.principal, administering(index));
    demandMeaning({ index, scopes, projects }, indexes);
    const grant = { index, scopes: [...new Set(scopes)], projects };
    demandProjects(author.principal, grant);
    const expiresAt = expires === undefined ? undefined : readExpiry(expires, ctx.now);
    demandNoLonger(author.principal, expiresAt);

    const { id, secret, text } = makeToken();
    const token = { id, name, ...grant, expiresAt };
    const details = { name, scopes: grant.scopes, projects, expires: isoOf(expiresAt) };
    const deed = deedOf("token.create", author, token, details);
    await tokens.create({ ...token, hash: await hashOf(secret) }, deed, ctx);
    const made = { createdAt: ctx.now, createdBy: author.principal.id, revokedAt: undefined, usedAt: undefined };
    return c.json({ ...shown({ ...token, ...made }), token: text }, 201, LIFETIMES.live);
  });

  routes.get("/", async (c) => {
    const { principal } = c.var.author;
    const { index } = parametersOf(c.req.url, ["index"]);
    if (index !== undefined) {
      demandKnown(index, indexes);
      demand(principal, administering(index));
    }
    const own = principal.index === "*" ? undefined : principal.index;
    const listed = await tokens.list(index ?? own, c.var.ctx);
    const theirs = listed.filter((token) => administers(principal, token));
    return c.json({ tokens: theirs.map(shown) }, 200, LIFETIMES.live);
  });

  routes.delete("/:id", async (c) => {
    const { author, ctx } = c.var;
    parametersOf(c.req.url, []);
    const token = await tokens.find(c.req.param("id"), ctx);
    // To the admin of another index, or of other projects, it is not there.
    if (!token || !administers(author.principal, token)) throw unknown();
    if (token.revokedAt !== undefined) return c.json(shown(token), 200, LIFETIMES.live);
    await tokens.revoke(token.id, deedOf("token.revoke", author, token, { name: token.name }), ctx);
    return c.json(shown({ ...token, revokedAt: ctx.now }), 200, LIFETIMES.live);
  });

  return routes;
}

/** Throws `bad-request` where there is no such index; `*` is all of them. */
function demandKnown(index: string, indexes: TokensApi["indexes"]): void {
  if (index === "*" || indexes.some(({ name }) => name === index)) return;
  const names = indexes.map(({ name }) => name).join(", ");
  throw badRequest(
    `There is no index ${JSON.stringify(index.slice(0, 40))} here; index may be one of: ${names}, or * for every index.`,
  );
}

/** Throws `bad-request` where something of it would let nobody do anything: whoever wants it means something else. */
function demandMeaning({ index, scopes, projects }: Grant, indexes: TokensApi["indexes"]): void {
  const writing = scopes.filter((scope) => scope === "upload" || scope === "yank");
  if (writing.length > 0 && indexes.some(({ name, hosted }) => name === index && !hosted)) {
    const names = indexes.filter(({ hosted }) => hosted).map(({ name }) => name);
    throw badRequest(
      `${index} hosts no packages of its own, so there is nothing to ${writing.join(" or ")} there; ${names.length > 0 ? `indexes that do: ${names.join(", ")}` : "no index here does (hosted = true in wrangler.toml)"}.`,
    );
  }
  if (projects && scopes.every((scope) => scope === "read")) {
    throw badRequest(
      "projects (--project) limits what a token writes, and this one only reads, which is the whole index: leave projects out.",
    );
  }
}

function readExpiry(expires: string | number, now: number): number {
  const at = expiryOf(expires, now);
  if (typeof at === "number") return at;
  throw new IndexError("unprocessable", `The request cannot be read: expires ${at}.`);
}

const deedOf = (
  action: "token.create" | "token.revoke",
  author: Author,
  { id, index }: Pick<Token, "id" | "index">,
  details: Deed["details"],
): Deed => ({ ...author, action, index, project: "", subject: id, details });

/** Without what only the database knows. */
const shown = ({ id, name, index, scopes, projects, ...token }: Token): ShownToken => ({
  id,
  name,
  index,
  scopes: [...scopes],
  projects: projects ? [...projects] : null,
  created: new Date(token.createdAt).toISOString(),
  createdBy: token.createdBy,
  expires: isoOf(token.expiresAt),
  revoked: isoOf(token.revokedAt),
  lastUsed: isoOf(token.usedAt),
});

const isoOf = (at: number | undefined) => (at === undefined ? null : new Date(at).toISOString());

const unknown = () =>
  new IndexError(
    "no-such-route",
    "There is no token with this id, which is no name: pypi-edge token list, or GET /-/api/tokens, has the ids.",
  );
