import type { Context as HonoContext } from "hono";
import type * as z from "zod/mini";
import { ENTRY_KINDS, type newEntries, type addedEntries, type ShownEntry } from "../../schema/policy-entry.ts";
import type { Author, NewAuditEntry } from "../auth/audit-entry.ts";
import type { PolicyEntryStore, StoredPolicyEntry } from "../auth/policy-entries.ts";
import { checkNewEntries, projectOf } from "../auth/policy-entry-rules.ts";
import { isPermitted, requirePermission, SOME_INDEX, type Permission, type Principal } from "../auth/principal.ts";
import { badRequest, IndexError } from "../errors.ts";
import { fileRuleOf, type FileRule } from "../pypi/file-rule.ts";
import type { Explain } from "../repository/explanation.ts";
import { isoOrNull, readExpiry } from "./api/times.ts";
import type { AppEnv } from "./context.ts";
import { checkEffect } from "./exemption-effect.ts";
import type { Settling } from "./settle.ts";

/** What is done with the lists of policies, for the API and the pages alike. Each checks the sender's right to that very index. */
export interface PolicyEntryActions {
  /**
   * Adds entries.
   *
   * @param c of the request, whose copies in front of the worker are purged
   * @throws IndexError `bad-request`, `unprocessable`, `not-allowed`, `storage-failed`
   */
  add(
    c: Pick<HonoContext<AppEnv>, "env" | "get">,
    asked: z.infer<typeof newEntries>,
    author: Author,
  ): Promise<z.infer<typeof addedEntries>>;
  /**
   * The entries that the sender may change, of an index and of a kind where these are named.
   *
   * @param now milliseconds since the epoch
   * @throws IndexError `bad-request`, `not-allowed`, `storage-failed`
   */
  list(
    of: { readonly index?: string | undefined; readonly kind?: string | undefined },
    by: Principal,
    now: number,
  ): Promise<ShownEntry[]>;
  /** Removes an entry, whatever its end. Throws `no-such-route` where the sender has no such entry. */
  remove(c: Pick<HonoContext<AppEnv>, "get">, id: string, author: Author): Promise<ShownEntry>;
}

interface PolicyEntryParts {
  readonly settling: Settling;
  readonly entries: PolicyEntryStore;
  readonly indexes: readonly GuardedIndex[];
  readonly freshId: () => string;
}

/** An index, and what its own policy denies by configuration; undefined where it has no policy. */
export interface GuardedIndex {
  readonly name: string;
  readonly denied: readonly FileRule[] | undefined;
  /** Explains its policy, and those of the indexes that it stands on; undefined where there is none. */
  readonly explain: Explain | undefined;
}

/** The lists of an index are for who administers all of it. */
export const POLICY_ADMIN_SOMEWHERE: Permission = { scope: "admin", index: SOME_INDEX };

export function createPolicyEntryActions({
  settling,
  entries,
  indexes,
  freshId,
}: PolicyEntryParts): PolicyEntryActions {
  return {
    async add(c, { index, kind, what, reason, advisory, expires }, author) {
      const ctx = c.get("ctx");
      requirePermission(author.principal, { scope: "admin", index });
      const { denied: configured, explain } = requirePolicy(index, indexes);
      const until = expires === undefined ? undefined : readExpiry(expires, ctx.now);
      const rules = [...new Set(what)].map(fileRuleOf);
      const present = { entries: await entries.list(index), denied: configured };
      const remarks = checkNewEntries({ index, kind, advisory, until, rules }, present, ctx.now);
      if (kind === "exemption" && advisory === undefined && explain) {
        for (const rule of rules) {
          const remark = await checkEffect(rule, { index, explain }, ctx);
          if (remark !== undefined) remarks.push(remark);
        }
      }
      const { id: createdBy, name: createdByName } = author.principal;
      const made = rules.map((rule): StoredPolicyEntry => {
        const common = { index, kind, reason, advisory, until, createdAt: ctx.now, createdBy, createdByName };
        return { id: freshId(), rule, ...common };
      });
      const audited = made.map((entry) => ({ entry, audit: auditEntryOf("policy.add", author, entry) }));
      await settling.settle(() => entries.add(audited, ctx));
      const denied = kind === "deny" ? new Set(rules.flatMap((rule) => projectOf(rule) ?? [])) : [];
      const remains = await Promise.all([...denied].map((project) => settling.purge(c, index, project)));
      const said = [...remarks, ...remains.filter((sentence) => sentence !== "")];
      return { entries: made.map((entry) => shown(entry, ctx.now)), remarks: said };
    },

    async list({ index, kind }, by, now) {
      if (index !== undefined) {
        requireKnownIndex(index, indexes);
        requirePermission(by, { scope: "admin", index });
      }
      if (kind !== undefined && !ENTRY_KINDS.some((known) => known === kind)) {
        throw badRequest(`kind is ${JSON.stringify(kind.slice(0, 40))}; it can be ${ENTRY_KINDS.join(", ")}.`);
      }
      const listed = await entries.list(index ?? (by.index === "*" ? undefined : by.index));
      return listed.filter((entry) => kind === undefined || entry.kind === kind).map((entry) => shown(entry, now));
    },

    async remove(c, id, author) {
      const ctx = c.get("ctx");
      const entry = await entries.find(id);
      // An admin of another index gets the same answer as for an unknown id.
      if (!entry || !isPermitted(author.principal, { scope: "admin", index: entry.index })) throw unknown();
      await settling.settle(() => entries.remove(entry.id, auditEntryOf("policy.remove", author, entry), ctx));
      return shown(entry, ctx.now);
    },
  };
}

/** Throws `bad-request` where there is no such index. */
function requireKnownIndex(index: string, indexes: readonly GuardedIndex[]): GuardedIndex {
  const found = indexes.find(({ name }) => name === index);
  if (found) return found;
  const names = indexes.map(({ name }) => name).join(", ");
  throw badRequest(`There is no index ${JSON.stringify(index.slice(0, 40))} here; index may be one of: ${names}.`);
}

/** The index, and what its policy denies by configuration. Throws `bad-request` where it has none of its own. */
function requirePolicy(index: string, indexes: readonly GuardedIndex[]) {
  const { denied, explain } = requireKnownIndex(index, indexes);
  if (denied) return { denied, explain };
  throw badRequest(
    `${index} has no policy of its own, so that its lists would have no effect: give it one in the configuration, [vars.INDEXES.${index}.policy], which may be empty. An index that it stands on has lists of its own.`,
  );
}

function auditEntryOf(
  action: "policy.add" | "policy.remove",
  author: Author,
  { id, index, kind, rule, reason, advisory, until }: StoredPolicyEntry,
): NewAuditEntry {
  const details = { id, kind, reason, advisory, expires: isoOrNull(until) };
  return { ...author, action, index, project: projectOf(rule) ?? "", subject: rule.text, details };
}

/** What the API shows of an entry. */
const shown = (entry: StoredPolicyEntry, now: number): ShownEntry => ({
  id: entry.id,
  index: entry.index,
  kind: entry.kind,
  what: entry.rule.text,
  reason: entry.reason,
  advisory: entry.advisory ?? null,
  created: new Date(entry.createdAt).toISOString(),
  createdBy: entry.createdBy,
  createdByName: entry.createdByName,
  expires: isoOrNull(entry.until),
  ended: entry.until !== undefined && entry.until <= now,
});

const unknown = () =>
  new IndexError(
    "no-such-route",
    "There is no entry with this id; pypi-edge policy list, or GET /-/api/policy/entries, shows the ids.",
  );
