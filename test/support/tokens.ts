import { createExecutionContext } from "cloudflare:test";
import { ADMIN } from "../../worker/auth/principal.ts";
import type { NewToken } from "../../worker/auth/ports.ts";
import { hashOfSecret, makeToken, parseToken, type TokenParts } from "../../worker/auth/token.ts";
import { contextOf } from "../../worker/log/context.ts";
import { logAs } from "../../worker/log/log.ts";
import type { Rig } from "./rig.ts";

/** A deed of the admin's. */
export const deed = (subject: string, action: "token.create" | "token.revoke" = "token.create") => ({
  principal: ADMIN,
  origin: "192.0.2.1",
  action,
  index: "team",
  project: "",
  subject,
});

/** A context of this moment in the rig. */
export const contextIn = (rig: Rig) =>
  contextOf(rig.now, createExecutionContext(), rig.services.counters, logAs("text"));

/** A new token in the rig's database: for reading `team`, unless something else is said. */
export async function give(rig: Rig, more: Partial<NewToken> = {}): Promise<{ id: string; text: string }> {
  const { id, secret, text } = makeToken();
  const token = { id, name: "a test's", hash: hashOfSecret(secret), index: "team", scopes: ["read"] as const };
  await rig.services.tokens.create({ ...token, expiresAt: undefined, ...more }, deed(id), contextIn(rig));
  return { id, text };
}

export const bearer = (text: string) => ({ Authorization: `Bearer ${text}` });

export const basic = (user: string, password: string) => ({ Authorization: `Basic ${btoa(`${user}:${password}`)}` });

/** A token's id and secret. A secret may have "_" and "-" in it, at its ends too: no text may be split at them. */
export function partsOf(text: string | undefined): TokenParts {
  const parts = parseToken(text ?? "");
  if (!parts) throw new Error("This is no token.");
  return parts;
}
