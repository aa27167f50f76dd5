import { Hono } from "hono";
import { changesPackages, newToken, type ShownToken } from "../../../schema/token.ts";
import { mayAdminister, requireNoLaterExpiry, requireDelegableProjects } from "../../auth/delegation.ts";
import type { Author, NewAuditEntry } from "../../auth/audit-entry.ts";
import type { StoredToken, TokenStore } from "../../auth/ports.ts";
import { requirePermission, SOME_INDEX, SOME_PROJECT, type Grant, type Permission } from "../../auth/principal.ts";
import { hashOfSecret, makeToken } from "../../auth/token.ts";
import { badRequest, IndexError } from "../../errors.ts";
import type { Authorize } from "../access.ts";
import { LIFETIMES } from "../headers.ts";
import { allowOnly } from "../limits.ts";
import type { Settling } from "../settle.ts";
import { admitted, type AdmittedEnv } from "./admitted.ts";
import { parametersOf } from "./parameters.ts";
import { readRequestJson } from "./request-json.ts";
import { isoOrNull, readExpiry } from "./times.ts";

/** What the routes need. */
export interface TokensApi {
  readonly authorize: Authorize;
  readonly settling: Pick<Settling, "settle">;
  readonly tokens: TokenStore;
  readonly indexes: readonly { readonly name: string; /** Whether it takes uploads. */ readonly hosted: boolean }[];
}

/** A token's routes are open to admins of its index, and to admins of some of its projects. */
const adminOf = (index: Permission["index"]): Permission => ({ scope: "admin", index, project: SOME_PROJECT });

/** Creates, lists and revokes tokens; to be mounted at `/-/api/tokens`. */
export function tokenRoutes({ authorize, settling, tokens, indexes }: TokensApi): Hono<AdmittedEnv> {
  const routes = new Hono<AdmittedEnv>();
  const admins = admitted(authorize, adminOf(SOME_INDEX));
  routes.use("/", admins, allowOnly("GET", "HEAD", "POST"));
  routes.use("/:id", admins, allowOnly("DELETE"));

  routes.post("/", async (c) => {
    const [author, ctx] = [c.get("author"), c.get("ctx")];
    parametersOf(c.req.url, []);
    const { name, index, scopes, projects, expires } = await readRequestJson(c.req.raw, newToken);
    requireKnownIndex(index, indexes);
    requirePermission(author.principal, adminOf(index));
    requireUsefulGrant({ index, scopes, projects }, indexes);
    const grant = { index, scopes: [...new Set(scopes)], projects };
    requireDelegableProjects(author.principal, grant);
    const expiresAt = expires === undefined ? undefined : readExpiry(expires, ctx.now);
    requireNoLaterExpiry(author.principal, expiresAt);

    const { id, secret, text } = makeToken();
    const token = { id, name, ...grant, expiresAt };
    const details = { name, scopes: grant.scopes, projects, expires: isoOrNull(expiresAt) };
    const entry = auditEntryOf("token.create", author, token, details);
    await settling.settle(() => tokens.create({ ...token, hash: hashOfSecret(secret) }, entry, ctx));
    const made = { createdAt: ctx.now, createdBy: author.principal.id, revokedAt: undefined, usedAt: undefined };
    return c.json({ ...shown({ ...token, ...made }), token: text }, 201, LIFETIMES.live);
  });

  routes.get("/", async (c) => {
    const { principal } = c.get("author");
    const { index } = parametersOf(c.req.url, ["index"]);
    if (index !== undefined) {
      requireKnownIndex(index, indexes);
      requirePermission(principal, adminOf(index));
    }
    const own = principal.index === "*" ? undefined : principal.index;
    const listed = await tokens.list(index ?? own, c.get("ctx"));
    const theirs = listed.filter((token) => mayAdminister(principal, token));
    return c.json({ tokens: theirs.map(shown) }, 200, LIFETIMES.live);
  });

  routes.delete("/:id", async (c) => {
    const [author, ctx] = [c.get("author"), c.get("ctx")];
    parametersOf(c.req.url, []);
    const token = await tokens.find(c.req.param("id"), ctx);
    // An admin of another index or of other projects gets the same answer as for an unknown id.
    if (!token || !mayAdminister(author.principal, token)) throw unknown();
    const entry = auditEntryOf("token.revoke", author, token, { name: token.name });
    const revokedAt = await settling.settle(async () => {
      if (token.revokedAt === undefined) await tokens.revoke(token.id, entry, ctx);
      return token.revokedAt ?? ctx.now;
    });
    return c.json(shown({ ...token, revokedAt }), 200, LIFETIMES.live);
  });

  return routes;
}

/** Throws `bad-request` where there is no such index; `*` stands for all. */
function requireKnownIndex(index: string, indexes: TokensApi["indexes"]): void {
  if (index === "*" || indexes.some(({ name }) => name === index)) return;
  const names = indexes.map(({ name }) => name).join(", ");
  throw badRequest(
    `There is no index ${JSON.stringify(index.slice(0, 40))} here; index may be one of: ${names}, or * for every index.`,
  );
}

/** Throws `bad-request` for a grant that would have no effect, which is certainly a mistake. */
function requireUsefulGrant({ index, scopes, projects }: Grant, indexes: TokensApi["indexes"]): void {
  const writing = scopes.filter((scope) => scope === "upload" || scope === "yank");
  if (writing.length > 0 && indexes.some(({ name, hosted }) => name === index && !hosted)) {
    const names = indexes.filter(({ hosted }) => hosted).map(({ name }) => name);
    throw badRequest(
      `${index} hosts no packages of its own, so there is nothing to ${writing.join(" or ")} there; ${names.length > 0 ? `indexes that do: ${names.join(", ")}` : "no index here does (hosted = true in wrangler.toml)"}.`,
    );
  }
  if (projects && !scopes.some(changesPackages)) {
    throw badRequest(
      "projects (--project) limits what a token writes, and this one writes nothing: its scopes are for the whole index. Leave projects out.",
    );
  }
}

const auditEntryOf = (
  action: "token.create" | "token.revoke",
  author: Author,
  { id, index }: Pick<StoredToken, "id" | "index">,
  details: NewAuditEntry["details"],
): NewAuditEntry => ({ ...author, action, index, project: "", subject: id, details });

/** What the API shows of a token. */
const shown = ({ id, name, index, scopes, projects, ...token }: StoredToken): ShownToken => ({
  id,
  name,
  index,
  scopes: [...scopes],
  projects: projects ? [...projects] : null,
  created: new Date(token.createdAt).toISOString(),
  createdBy: token.createdBy,
  expires: isoOrNull(token.expiresAt),
  revoked: isoOrNull(token.revokedAt),
  lastUsed: isoOrNull(token.usedAt),
});

const unknown = () =>
  new IndexError(
    "no-such-route",
    "There is no token with this id. An id is not a name: pypi-edge token list, or GET /-/api/tokens, shows the ids.",
  );
