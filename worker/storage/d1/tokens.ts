import type { NewToken, StoredToken, TokenLookup, TokenStore } from "../../auth/ports.ts";
import { messageOf, type IndexError } from "../../errors.ts";
import type { Scope } from "../../../schema/token.ts";
import { auditEntryStatement } from "./audit-entry.ts";
import { failureOf } from "../or-storage-failed.ts";
import type { SnapshotReader } from "../snapshots/reader.ts";
import { Gathering } from "./gathered-writes.ts";
import type { AllRights } from "./token-rights.ts";
import type { Context } from "../../repository/context.ts";
import { withValue } from "../../repository/now-or-later.ts";
import type { Database, Statement } from "../../platform/database.ts";

/** How many tokens' uses are gathered; uses of others are recorded when they are used again. */
const MAX_GATHERED = 2_000;

const COLUMNS = "id, name, index_name, scopes, projects, created_at, created_by, expires_at, revoked_at, used_at";

interface Row {
  readonly id: string;
  readonly name: string;
  readonly index_name: string;
  readonly scopes: string;
  readonly projects: string | null;
  readonly created_at: number;
  readonly created_by: string;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  readonly used_at: number | null;
}

/** One statement for any number of uses. */
const USED = `UPDATE token SET used_at = use.value ->> 1 FROM json_each(?1) AS use
  WHERE token.id = use.value ->> 0 AND coalesce(token.used_at, 0) < use.value ->> 1`;

/** Tokens in D1. */
export interface StoredTokens extends TokenStore, TokenLookup {
  /** Writes the gathered uses to D1, behind the answer, if it last did so some minutes ago. */
  flush(ctx: Context): void;
}

/** Tokens in D1. Their uses are gathered in the isolate; an isolate that ends before it writes them loses a few. */
export function tokensIn(db: Database, known: SnapshotReader<AllRights>): StoredTokens {
  const uses = new Gathering<number>(Math.max);
  return {
    async create(token, entry, ctx) {
      try {
        await db.batch([inserted(db, token, entry.principal.id, ctx.now), auditEntryStatement(db, entry, ctx.now)]);
        return "created";
      } catch (error) {
        if (/UNIQUE constraint failed: token\.minted_for/.test(messageOf(error))) return "minted-before";
        throw unavailable(error, ctx);
      }
    },

    rights(id, ctx) {
      const read = known.read(ctx);
      return withValue(read instanceof Promise ? available(ctx, () => read) : read, ({ value }) => value.get(id));
    },

    async find(id, ctx) {
      const row = await available(ctx, () =>
        db.prepare(`SELECT ${COLUMNS}, hash FROM token WHERE id = ?1`).bind(id).first<Row & { hash: string }>(),
      );
      return row ? { ...tokenIn(row), hash: row.hash } : undefined;
    },

    async list(index, ctx) {
      const { results } = await available(ctx, () =>
        db
          .prepare(`SELECT ${COLUMNS} FROM token WHERE ?1 IS NULL OR index_name = ?1 ORDER BY created_at DESC, id`)
          .bind(index ?? null)
          .all<Row>(),
      );
      return results.map(tokenIn);
    },

    async revoke(id, entry, ctx) {
      const revoked = db
        .prepare("UPDATE token SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL")
        .bind(id, ctx.now);
      await available(ctx, () => db.batch([revoked, auditEntryStatement(db, entry, ctx.now)]));
    },

    used(id, ctx) {
      if (uses.size < MAX_GATHERED) uses.add(id, ctx.now);
    },

    flush(ctx) {
      uses.flush("the uses of tokens", (used) => db.prepare(USED).bind(JSON.stringify(used)).run(), ctx);
    },
  };
}

function inserted(db: Database, token: NewToken, by: string, at: number): Statement {
  const { id, name, hash, index, scopes, projects, expiresAt, mintedFor } = token;
  return db
    .prepare(
      `INSERT INTO token (id, name, hash, index_name, scopes, projects, created_at, created_by, expires_at, minted_for)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)`,
    )
    .bind(
      id,
      name,
      hash,
      index,
      JSON.stringify(scopes),
      projects ? JSON.stringify(projects) : null,
      at,
      by,
      expiresAt ?? null,
      mintedFor ?? null,
    );
}

const tokenIn = (row: Row): StoredToken => ({
  id: row.id,
  name: row.name,
  index: row.index_name,
  scopes: JSON.parse(row.scopes) as Scope[],
  projects: row.projects === null ? undefined : (JSON.parse(row.projects) as string[]),
  createdAt: row.created_at,
  createdBy: row.created_by,
  expiresAt: row.expires_at ?? undefined,
  revokedAt: row.revoked_at ?? undefined,
  usedAt: row.used_at ?? undefined,
});

/** A failing database must not look like a token that does not exist, nor like one that does. */
async function available<T>(ctx: Context, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw unavailable(error, ctx);
  }
}

function unavailable(error: unknown, ctx: Context): IndexError {
  const failure = failureOf(error, "The database with the tokens cannot be used right now; try again in a moment.");
  if (failure.kind === "storage-failed")
    ctx.report({ event: "storage-failed", what: "the tokens", reason: messageOf(error) });
  return failure;
}
