import { changesPackages, type ShownToken, type WantedToken } from "../../schema/token.ts";
import type { Author, NewAuditEntry } from "../auth/audit-entry.ts";
import { mayAdminister, requireDelegableProjects, requireNoLaterExpiry } from "../auth/delegation.ts";
import type { StoredToken, TokenStore } from "../auth/ports.ts";
import {
  requirePermission,
  SOME_INDEX,
  SOME_PROJECT,
  type Grant,
  type Permission,
  type Principal,
} from "../auth/principal.ts";
import { hashOfSecret, makeToken } from "../auth/token.ts";
import { badRequest, IndexError } from "../errors.ts";
import type { Context } from "../repository/context.ts";
import { isoOrNull, readExpiry } from "./api/times.ts";
import type { Settling } from "./settle.ts";

/** What is done with tokens, for the API and the pages alike. Each checks the sender's right to that very token. */
export interface TokenActions {
  /**
   * Makes a token. Its text is in the result and nowhere else.
   *
   * @throws IndexError `bad-request`, `unprocessable`, `not-allowed`, `storage-failed`
   */
  create(asked: WantedToken, author: Author, ctx: Context): Promise<ShownToken & { readonly token: string }>;
  /**
   * The tokens that the sender could have made, newest first.
   *
   * @param index of which they are; undefined: of all
   * @throws IndexError `bad-request`, `not-allowed`, `storage-failed`
   */
  list(index: string | undefined, by: Principal, ctx: Context): Promise<ShownToken[]>;
  /** Revokes a token; one that is revoked stays as it is. Throws `no-such-route` where the sender has no such token. */
  revoke(id: string, author: Author, ctx: Context): Promise<ShownToken>;
}

interface TokenActionParts {
  readonly settling: Pick<Settling, "settle">;
  readonly tokens: TokenStore;
  readonly indexes: readonly { readonly name: string; /** Whether it takes uploads. */ readonly hosted: boolean }[];
}

/** Tokens are for admins of their index, and for admins of some of its projects. */
export const tokenAdmin = (index: Permission["index"]): Permission => ({
  scope: "admin",
  index,
  project: SOME_PROJECT,
});

/** The right to have tokens at all. */
export const TOKEN_ADMIN_SOMEWHERE = tokenAdmin(SOME_INDEX);

export function createTokenActions({ settling, tokens, indexes }: TokenActionParts): TokenActions {
  return {
    async create({ name, index, scopes, projects, expires }, author, ctx) {
      requireKnownIndex(index, indexes);
      requirePermission(author.principal, tokenAdmin(index));
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
      return { ...shown({ ...token, ...made }), token: text };
    },

    async list(index, by, ctx) {
      if (index !== undefined) {
        requireKnownIndex(index, indexes);
        requirePermission(by, tokenAdmin(index));
      }
      const own = by.index === "*" ? undefined : by.index;
      const listed = await tokens.list(index ?? own, ctx);
      return listed.filter((token) => mayAdminister(by, token)).map(shown);
    },

    async revoke(id, author, ctx) {
      const token = await tokens.find(id, ctx);
      // An admin of another index or of other projects gets the same answer as for an unknown id.
      if (!token || !mayAdminister(author.principal, token)) throw unknown();
      const entry = auditEntryOf("token.revoke", author, token, { name: token.name });
      const revokedAt = await settling.settle(async () => {
        if (token.revokedAt === undefined) await tokens.revoke(token.id, entry, ctx);
        return token.revokedAt ?? ctx.now;
      });
      return shown({ ...token, revokedAt });
    },
  };
}

/** Throws `bad-request` where there is no such index; `*` stands for all. */
function requireKnownIndex(index: string, indexes: TokenActionParts["indexes"]): void {
  if (index === "*" || indexes.some(({ name }) => name === index)) return;
  const names = indexes.map(({ name }) => name).join(", ");
  throw badRequest(
    `There is no index ${JSON.stringify(index.slice(0, 40))} here; index may be one of: ${names}, or * for every index.`,
  );
}

/** Throws `bad-request` for a grant that would have no effect, which is certainly a mistake. */
function requireUsefulGrant({ index, scopes, projects }: Grant, indexes: TokenActionParts["indexes"]): void {
  const writing = scopes.filter((scope) => scope === "upload" || scope === "yank");
  if (writing.length > 0 && indexes.some(({ name, hosted }) => name === index && !hosted)) {
    const names = indexes.filter(({ hosted }) => hosted).map(({ name }) => name);
    throw badRequest(
      `${index} hosts no packages of its own, so there is nothing to ${writing.join(" or ")} there; ${names.length > 0 ? `indexes that do: ${names.join(", ")}` : "no index here does (hosted = true in the configuration)"}.`,
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
