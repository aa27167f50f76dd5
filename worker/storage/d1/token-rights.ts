import type { Scope } from "../../../schema/token.ts";
import type { TokenRights } from "../../auth/ports.ts";
import { HOUR } from "../../duration.ts";
import type { Database } from "../../platform/database.ts";
import type { Codec } from "../snapshots/copies.ts";
import type { ReadSubject } from "../snapshots/reader.ts";

/** What each token allows, by its id. */
export type AllRights = ReadonlyMap<string, KnownRights>;

type KnownRights = TokenRights & { /** Whether it was exchanged for an identity token. */ readonly isMinted: boolean };

/** The subject of all tokens in the table `revision`. */
export const TOKENS_SUBJECT = "tokens";

/**
 * For how long it is known that a minted token has expired: there may be thousands a day. All others are known until they
 * are deleted. Milliseconds.
 */
const EXPIRED_KNOWN = HOUR;

/** The revision, and the tokens that have changed since ?1, or all, as for the names of an index. */
const CHANGED = `
  SELECT r.number, ?1 BETWEEN r.whole_since AND r.number AS is_delta, t.id, t.hash, t.name, t.index_name, t.scopes,
    t.projects, t.expires_at, t.revoked_at IS NOT NULL AS is_revoked, t.minted_for IS NOT NULL AS is_minted
  FROM (SELECT 1) LEFT JOIN revision AS r ON r.subject = '${TOKENS_SUBJECT}'
  LEFT JOIN token AS t ON t.changed > iif(?1 BETWEEN r.whole_since AND r.number, ?1, -1)
    AND (t.minted_for IS NULL OR t.expires_at > ?2)`;

interface Row {
  readonly number: number | null;
  readonly is_delta: number | null;
  readonly id: string | null;
  readonly hash: string;
  readonly name: string;
  readonly index_name: string;
  readonly scopes: string;
  readonly projects: string | null;
  readonly expires_at: number | null;
  readonly is_revoked: number;
  readonly is_minted: number;
}

/** Reads what tokens allow. The query rejects with D1's error. */
export function tokenRightsIn(db: Database): ReadSubject<AllRights> {
  return async (known, now) => {
    const { results } = await db
      .prepare(CHANGED)
      .bind(known?.revision ?? -1, now - EXPIRED_KNOWN)
      .all<Row>();
    const [first] = results;
    const changes = results.flatMap((row) => (row.id === null ? [] : [[row.id, rightsIn(row, row.id)] as const]));
    const before = known && first?.is_delta === 1 ? known.value : undefined;
    if (before && changes.length === 0) return { revision: first?.number ?? 0, value: before };
    const kept = [...(before ?? [])].filter(([, rights]) => !isForgotten(rights, now));
    return { revision: first?.number ?? 0, value: new Map([...kept, ...changes]) };
  };
}

const isForgotten = ({ isMinted, expiresAt }: KnownRights, now: number) =>
  isMinted && (expiresAt ?? Infinity) <= now - EXPIRED_KNOWN;

const rightsIn = (row: Row, id: string): KnownRights => ({
  id,
  hash: row.hash,
  name: row.name,
  index: row.index_name,
  scopes: JSON.parse(row.scopes) as Scope[],
  projects: row.projects === null ? undefined : (JSON.parse(row.projects) as string[]),
  expiresAt: row.expires_at ?? undefined,
  isRevoked: row.is_revoked === 1,
  isMinted: row.is_minted === 1,
});

export const TOKEN_RIGHTS_CODEC: Codec<AllRights> = {
  encode: (rights) => JSON.stringify([...rights.values()]),
  decode: (text) => new Map((JSON.parse(text) as KnownRights[]).map((each) => [each.id, each])),
};
