import type { Context as HonoContext } from "hono";
import { parse } from "hono/utils/cookie";
import type { Credentials } from "../auth/authenticate.ts";
import type { AppEnv } from "./context.ts";

/** A browser takes a cookie with this name from this very host alone, over https, so that no neighbour's page can plant one (RFC 6265bis, 4.1.3.2). */
const GUARDED_NAME = "__Host-pypi-edge";

/** For loopback without TLS. Cookies know no ports: another server of this machine may have set it, and then it is no session here. */
const LOOPBACK_NAME = "pypi-edge";

type Request = Pick<HonoContext<AppEnv>, "req">;

/** What a request says about who sends it. A session counts where the request changes nothing, or is a form of a page of ours. */
export function claimantOf(c: Pick<HonoContext<AppEnv>, "req" | "get">): Credentials {
  const authorization = c.req.header("Authorization");
  const isHeard = c.req.method === "GET" || c.req.method === "HEAD" || c.get("isOwnForm") === true;
  const session = authorization === undefined && isHeard ? sessionIn(c) : undefined;
  return { authorization, session, origin: c.get("facts").clientAddress(c.req.raw) };
}

/** Whether a request says who sends it, rightly or not. */
export function showsCredential(c: Pick<HonoContext<AppEnv>, "req" | "get">): boolean {
  const { authorization, session } = claimantOf(c);
  return authorization !== undefined || session !== undefined;
}

/** The value of a session's cookie, as it came; undefined where there is none. An `Authorization` header goes first. */
export function sessionIn({ req }: Request): string | undefined {
  const header = req.header("Cookie");
  if (header === undefined || req.header("Authorization") !== undefined) return undefined;
  const cookie = (name: string) => parse(header, name)[name] || undefined;
  return cookie(GUARDED_NAME) ?? (isPlainLoopback(new URL(req.url)) ? cookie(LOOPBACK_NAME) : undefined);
}

/**
 * The header that sets a session's cookie.
 *
 * @param value empty: it is removed
 * @param seconds for how long the browser keeps it
 * @param publicUrl the public address, where it is not the request's own; else empty
 */
export function sessionCookie(c: Request, value: string, seconds: number, publicUrl: string): string {
  const isPlain = isPlainLoopback(ownOrigin(c, publicUrl));
  const name = isPlain ? LOOPBACK_NAME : GUARDED_NAME;
  return `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${isPlain ? "" : "; Secure"}`;
}

/** The origin as the browser has it, where it says so: a proxy may have ended TLS, and may have changed the host. */
export function ownOrigin({ req }: Request, publicUrl: string): URL {
  const origin = req.header("Origin") ?? "";
  return new URL(publicUrl || (URL.canParse(origin) ? origin : req.url));
}

/** Whether browsers take a cookie with `Secure` from here, or one without is as safe (W3C Secure Contexts, 3.1). */
export const keepsSessions = (origin: URL): boolean => origin.protocol === "https:" || isPlainLoopback(origin);

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

const isPlainLoopback = ({ protocol, hostname }: URL) => protocol === "http:" && LOOPBACK.test(hostname);
