import { Hono } from "hono";
import { raw } from "hono/html";
import { readableBy, type Gate } from "../http/access.ts";
import type { AppEnv } from "../http/context.ts";
import { LIFETIMES, NOTHING_LOADED } from "../http/headers.ts";
import { administering, publishing, setups, type Setup } from "../pypi/setups.ts";
import { STYLE } from "./style.ts";

/** What the page about an index shows of it. */
interface Shown {
  readonly name: string;
  /** What its addresses begin with: empty, or a slash and its name. */
  readonly base: string;
  /** All there are, this one included. */
  readonly indexes: readonly Pick<Shown, "name" | "base" | "isPrivate">[];
  /** The address people use, where it is not the request's own; else empty. */
  readonly publicUrl: string;
  readonly upstreams: readonly { readonly url: URL }[];
  /** Whose hosted packages it has. */
  readonly overlays: readonly { readonly index: string }[];
  /** Whether it takes uploads. */
  readonly hosted: boolean;
  /** Whether it is read with a token only. */
  readonly isPrivate: boolean;
  readonly catalog: { count(): Promise<number> };
}

/**
 * The page for a person: what this is, and how to point each client at it, under the host name it was asked under. It names those
 * other indexes alone that its reader may read.
 */
export function homeRoutes(index: Shown, gate: Gate): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/", async (c) => {
    const host = index.publicUrl || new URL(c.req.url).origin;
    // The figure is for interest: without the catalog the page is still what people came for.
    const kept = await index.catalog.count().catch(() => undefined);
    c.header("Cache-Control", LIFETIMES.ownHost["Cache-Control"]);
    c.header("Content-Security-Policy", `${NOTHING_LOADED}; style-src 'unsafe-inline'`);
    const mayRead = await readableBy(c, gate);
    const others = index.indexes.filter((other) => other.base !== index.base && mayRead(other));
    return c.html(
      <Home
        name={index.name}
        host={host}
        base={host + index.base}
        overlays={index.overlays}
        hosted={index.hosted}
        isPrivate={index.isPrivate}
        upstreams={index.upstreams.map(({ url }) => url.host)}
        kept={kept}
        others={others.map(({ base }) => `${host}${base}/`)}
      />,
    );
  });
  return routes;
}

interface HomeProps extends Pick<Shown, "name" | "overlays" | "hosted" | "isPrivate"> {
  readonly host: string;
  readonly base: string;
  /** Host names, the first that owns a project wins. */
  readonly upstreams: readonly string[];
  readonly kept: number | undefined;
  /** Addresses of the other indexes' pages. */
  readonly others: readonly string[];
}

function Home({ name, host, base, overlays, hosted, isPrivate, upstreams, kept, others }: HomeProps) {
  const index = `${base}/simple/`;
  const links = `${base}/find-links/`;
  const team = hosted ? [publishing(`${base}/legacy/`), administering(name, `${host}/`)] : [];
  const clients = [...setups(index, isPrivate), ...team];
  return (
    <>
      {raw("<!DOCTYPE html>")}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>pypi-edge · a Python package index</title>
          <style>{raw(STYLE)}</style>
        </head>
        <body>
          <main>
            <h1>pypi-edge</h1>
            {overlays.length === 0 ? null : (
              <p class="lead">
                A Python package index of what is uploaded to{" "}
                <b>{overlays.map((each) => each.index).join(", then ")}</b>
                {": "}no upstream is asked for a name that is hosted here.
              </p>
            )}
            {upstreams.length === 0 ? null : (
              <p class="lead">
                {overlays.length === 0 ? "A Python package index that keeps what " : "All other names are those of "}
                <b>{upstreams.join(", then ")}</b>
                {overlays.length === 0 ? " has. " : ". "}
                Point your installer here: pages and files come from the cache, every byte is verified before it is
                kept, and installs go on while the upstream is away.
              </p>
            )}
            {isPrivate ? (
              <p class="lead">
                It is read with a token: put yours in where these lines have <code>TOKEN</code>.
              </p>
            ) : null}
            <dl>
              <div>
                <dt>Index URL</dt>
                <dd>
                  <a href={index}>{index}</a>
                </dd>
              </div>
              {overlays.length === 0 ? null : (
                <div>
                  <dt>Hosted files, for --find-links</dt>
                  <dd>
                    <a href={links}>{links}</a>
                  </dd>
                </div>
              )}
              {kept === undefined ? null : (
                <div>
                  <dt>Projects kept here</dt>
                  <dd>{kept.toLocaleString("en")}</dd>
                </div>
              )}
            </dl>
            {clients.map((setup) => (
              <Client {...setup} />
            ))}
            <footer>
              <p>
                Look up a project at <code>{index}NAME/</code>. Clients that ask for JSON get it; a browser gets HTML.
              </p>
              {others.length === 0 ? null : (
                <p>
                  Other indexes here:{" "}
                  {others.map((url) => (
                    <>
                      <a href={url}>{url}</a>{" "}
                    </>
                  ))}
                </p>
              )}
            </footer>
          </main>
        </body>
      </html>
    </>
  );
}

function Client({ client, steps }: Setup) {
  return (
    <section>
      <h2>{client}</h2>
      {steps.map(({ where, text }) => (
        <>
          <h3>{where}</h3>
          <pre>
            <code>{text}</code>
          </pre>
        </>
      ))}
    </section>
  );
}
