import { createHmac } from "node:crypto";
import type { Context as HonoContext, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import type { Author } from "../auth/audit-entry.ts";
import { equalsInConstantTime } from "../auth/constant-time.ts";
import type { SentForms } from "../auth/ports.ts";
import type { Permission } from "../auth/principal.ts";
import { badRequest, IndexError } from "../errors.ts";
import { base64url } from "../pypi/encode.ts";
import type { Authorize } from "./access.ts";
import { readBodyUpTo } from "./api/request-body.ts";
import { sessionIn } from "./claimant.ts";
import type { AppEnv } from "./context.ts";
import { requireOwnPage } from "./cross-origin.ts";
import { LIFETIMES } from "./headers.ts";
import { pathOf } from "./path.ts";

/** Limit of a form. Bytes. */
const MAX_FORM_BYTES = 64 * 1024;

/** The field that each form has: a value of its own, and a seal that shows for whose session and which address it was made. */
export const SEAL_FIELD = "form";

/** The parameters of an address that say what a form has done. */
const DID = "did";
const DID_SEAL = "did-seal";

/** Limit of what an address says. Characters, as they are escaped. */
const MAX_DID = 600;

/** What makes forms for one session. */
export interface FormSeals {
  /**
   * What goes into the field of one form, which is worth one use.
   *
   * @param path of the address that it is sent to, below the server's root
   */
  sealFor(path: string): string;
}

/** A request that is a form of a page of ours. */
export interface FormEnv extends AppEnv {
  Variables: AppEnv["Variables"] & { fields: URLSearchParams; author: Author };
}

interface FormParts {
  readonly authorize: Authorize;
  readonly sentForms: SentForms;
  /** The public address, where it is not the request's own; else empty. */
  readonly publicUrl: string;
}

/** Makes what takes forms: to stand before each route that one is sent to, with the permission that it needs. */
export type TakeForm = (
  permission: Permission | ((c: HonoContext<FormEnv>) => Permission),
) => MiddlewareHandler<FormEnv>;

/** Makes forms for the session of a request; undefined where it has none: then a page has no forms that change anything. */
export function formSeals(c: Pick<HonoContext<AppEnv>, "req">): FormSeals | undefined {
  const session = sessionIn(c);
  if (session === undefined) return undefined;
  return {
    sealFor(path) {
      const value = base64url(crypto.getRandomValues(new Uint8Array(16)));
      return `${value}.${sealOf(session, `${value}\n${path}`)}`;
    },
  };
}

/**
 * The one way by which a page changes anything. It refuses a form that is not from a page of ours, one that was made for another
 * session or address, one whose sender lacks the right, and one that was used before. A form with which nothing was done may
 * be sent again.
 */
export const createTakeForm =
  ({ authorize, sentForms, publicUrl }: FormParts): TakeForm =>
  (permission) =>
    createMiddleware<FormEnv>(async (c, next) => {
      requireOwnPage(c, publicUrl);
      const session = sessionIn(c);
      if (session === undefined) throw new IndexError("not-authenticated", NOT_SIGNED_IN);
      const fields = await readForm(c.req.raw);
      const [value = "", seal = ""] = (fields.get(SEAL_FIELD) ?? "").split(".");
      if (!equalsInConstantTime(seal, sealOf(session, `${value}\n${pathOf(c.req.url)}`)))
        throw new IndexError("not-allowed", UNSEALED);
      c.set("isOwnForm", true);
      c.set("fields", fields);
      const author = await authorize(c, typeof permission === "function" ? permission(c) : permission);
      c.set("author", author);
      c.set("who", author.principal);
      if (!(await sentForms.claim(value, c.get("ctx").now))) throw new IndexError("form-sent-before", SENT_BEFORE);
      await next();
      if (c.error || c.res.status >= 400) await sentForms.release(value);
    });

/** Reads a form as browsers send it (URL standard, 5). Throws `bad-request` and `too-large`. */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get("Content-Type") ?? "";
  if (!/^application\/x-www-form-urlencoded(?:;|$)/i.test(type)) {
    await request.body?.cancel();
    throw badRequest("This address takes the form of a page: application/x-www-form-urlencoded.");
  }
  const sentence = `The form is larger than ${MAX_FORM_BYTES / 1024} KiB, which is the most that is read here.`;
  const bytes = await readBodyUpTo(request, MAX_FORM_BYTES, "The form", new IndexError("too-large", sentence));
  return new URLSearchParams(new TextDecoder().decode(bytes));
}

/**
 * Leads the browser on by GET, so that loading the page again sends nothing again (RFC 9110, 15.4.4).
 *
 * @param path below the server's root, with its query; the address is relative, so that it works behind a proxy that adds a prefix
 * @param did what the form has done, in a sentence for the page; it is sealed, so that a link of others can say nothing here
 */
export function seeOther(c: Pick<HonoContext<AppEnv>, "req">, path: string, did = ""): Response {
  const up = "../".repeat(pathOf(c.req.url).split("/").length - 2) || "./";
  const session = sessionIn(c);
  let said = "";
  if (did !== "" && session !== undefined) {
    const sentence = cutTo(did, MAX_DID);
    const query = new URLSearchParams({ [DID]: sentence, [DID_SEAL]: sealOf(session, `did\n${sentence}`) });
    said = `${path.includes("?") ? "&" : "?"}${query}`;
  }
  return new Response(null, { status: 303, headers: { Location: `${up}${path.slice(1)}${said}`, ...LIFETIMES.live } });
}

/** What a form has done, where this page is what the browser was led to then. */
export function didIn(c: Pick<HonoContext<AppEnv>, "req">): string | undefined {
  const sentence = c.req.query(DID);
  const session = sentence === undefined ? undefined : sessionIn(c);
  if (sentence === undefined || session === undefined) return undefined;
  return equalsInConstantTime(c.req.query(DID_SEAL) ?? "", sealOf(session, `did\n${sentence}`)) ? sentence : undefined;
}

/** The session is the key: whoever has it could send any form, and a page of another origin cannot read it. */
const sealOf = (session: string, text: string) => base64url(createHmac("sha256", session).update(text).digest());

function cutTo(text: string, limit: number): string {
  let end = text.length;
  // A text that is cut within a character cannot be escaped.
  const upTo = (to: number) => text.slice(0, to).toWellFormed();
  while (encodeURIComponent(upTo(end)).length > limit) end -= 10;
  return end === text.length ? text : `${upTo(end)}…`;
}

const NOT_SIGNED_IN = "Nothing was done: you are not signed in any more. Sign in, and send the form again.";

const UNSEALED =
  "Nothing was done: this form was made for another sign-in, or for another address. Load its page again, and send it from there.";

const SENT_BEFORE =
  "This form was sent before, and was used then: nothing was done a second time. Load its page again to see what there is now.";
