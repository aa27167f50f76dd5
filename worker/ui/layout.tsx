import type { Context as HonoContext } from "hono";
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { DEFAULT } from "../../schema/indexes.ts";
import type { AppEnv } from "../http/context.ts";
import { didIn, formSeals, type FormSeals } from "../http/forms.ts";
import { LIFETIMES } from "../http/headers.ts";
import { pathOf } from "../http/path.ts";
import type { SignedIn } from "../http/signed-in.ts";
import { operatePagesFor, type OperatePath } from "./operate/pages.ts";
import { SCRIPT, SCRIPT_SOURCE } from "./script.ts";
import { STYLE_DIGEST } from "./style.ts";

/** Where a page stands: the addresses on it are relative, so that they work behind a proxy that adds a prefix. */
export interface PagePlace {
  /** The index's name. */
  readonly name: string;
  /** Prefix of the index's addresses, in a view with its segment: empty, or it begins with a slash. */
  readonly base: string;
  /** From the page to the server's root; ends in a slash. */
  readonly up: string;
  /** From the page to the index; ends in a slash. */
  readonly at: string;
  /** The address that clients are configured with, without a final slash. */
  readonly url: string;
  /** The address of the server, without a final slash. */
  readonly host: string;
  /** Below the server's root, without its query. */
  readonly path: string;
  /** Makes the forms of the page that change something; undefined where the reader is not signed in. */
  readonly forms: FormSeals | undefined;
  /** Who is signed in; undefined: no one, or that cannot be told. */
  readonly who: SignedIn | undefined;
  /** What a form has done that the browser was led here by. */
  readonly did: string | undefined;
}

/** What a page needs of its request. */
export type PageContext = Pick<HonoContext<AppEnv>, "req" | "get" | "header" | "html">;

/** @param publicUrl the public address, where it is not the request's own; else empty */
export function pagePlace(c: PageContext, index: Pick<PagePlace, "name" | "base">, publicUrl: string): PagePlace {
  const { name, base } = index;
  const path = pathOf(c.req.url);
  const up = "../".repeat(path.split("/").length - 2) || "./";
  const host = publicUrl || new URL(c.req.url).origin;
  const at = base === "" ? up : `${up}${base.slice(1)}/`;
  return { name, base, up, at, url: host + base, host, path, forms: formSeals(c), who: c.get("who"), did: didIn(c) };
}

/** What every page's policy has: its own stylesheet, the one script, forms to this server. `default-src` covers none of the last three. */
const POLICY = `default-src 'none'; style-src 'self'; script-src ${SCRIPT_SOURCE}; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`;

/**
 * Answers with a page for people. No cache shares it, since it contains the host name of the request; no search engine lists it; no
 * page of another server that it links to learns where its reader came from. A page of this one does: with `no-referrer` browsers
 * would send forms with `Origin: null` (Fetch standard, 3.2).
 */
export function sendHtml(c: PageContext, page: Child, status: ContentfulStatusCode = 200) {
  c.header("Cache-Control", (status === 200 ? LIFETIMES.ownHost : LIFETIMES.error)["Cache-Control"]);
  c.header("Content-Security-Policy", POLICY);
  c.header("Referrer-Policy", "same-origin");
  c.header("Vary", "Cookie", { append: true });
  c.header("X-Robots-Tag", "noindex, nofollow");
  return c.html(
    <>
      {raw("<!DOCTYPE html>")}
      {page}
    </>,
    status,
  );
}

/** A square with a notch: drawn here, so that a browser asks for no icon. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%231f4fc4' d='M2 1h9l4 4v10H2z'/%3E%3Cpath fill='%23fff' d='M5 7h6v1.6H5zm0 3h6v1.6H5z'/%3E%3C/svg%3E";

interface LayoutProps {
  readonly title: string;
  readonly place: PagePlace;
  /** What was searched for. */
  readonly query?: string;
  readonly children?: Child;
}

/** What all pages have in common. */
export function Layout({ title, place, query, children }: LayoutProps) {
  const { name, base, up, at, did } = place;
  const view = base.split("/").find((segment) => segment.startsWith("@"));
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex, nofollow" />
        <title>{title}</title>
        <link rel="icon" href={ICON} />
        <link rel="stylesheet" href={`${up}-/style/${STYLE_DIGEST}.css`} />
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to the content
        </a>
        <header class="bar">
          <div>
            <div class="brand">
              <a href={at}>pypi-edge</a>
              {name === DEFAULT ? null : <span>{name}</span>}
              {view === undefined ? null : <span class="badge warn">view {view.slice(1)}</span>}
            </div>
            <form role="search" action={`${at}search`}>
              <input
                type="search"
                name="q"
                value={query}
                maxlength={200}
                required
                autocomplete="off"
                autocapitalize="none"
                aria-label="Search projects"
                placeholder="Search projects"
              />
              <button>Search</button>
            </form>
            <Doors place={place} />
          </div>
        </header>
        <main id="content">
          {did !== undefined && (
            <p class="card note done" role="status">
              {did}
            </p>
          )}
          {children}
        </main>
        <footer class="foot">
          <div>
            <p>
              <a href={at}>Set-up and packages of this index</a>
            </p>
            <p>
              <a href={`${at}simple/`}>Simple API</a>
            </p>
          </div>
        </footer>
        <script>{raw(SCRIPT)}</script>
      </body>
    </html>
  );
}

/** The pages of those who operate that every page leads to; they lead to the others. */
const IN_THE_HEAD: readonly OperatePath[] = ["tokens", "audit", ""];

/** What the reader may open beside this page, and where to sign in or out. */
function Doors({ place: { up, path, forms, who } }: Pick<LayoutProps, "place">) {
  if (!forms) {
    const next = path === "/-/sign-in" ? "" : `?next=${encodeURIComponent(path)}`;
    return (
      <a class="who" href={`${up}-/sign-in${next}`}>
        Sign in
      </a>
    );
  }
  const open = who === undefined ? [] : operatePagesFor(who);
  const doors = [
    ["Indexes", "#indexes"],
    ...IN_THE_HEAD.flatMap((page) => open.filter((each) => each.path === page)).map(
      ({ title, path: page }) => [title, `-/${page}`] as const,
    ),
    ["Account", "-/sign-in"],
  ] as const;
  return (
    <nav class="who" aria-label="Signed in">
      {doors.map(([text, to]) => (
        <a href={up + to} aria-current={path === `/${to}` ? "page" : undefined}>
          {text}
        </a>
      ))}
    </nav>
  );
}
