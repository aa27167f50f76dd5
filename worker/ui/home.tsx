import { Hono } from "hono";
import { raw } from "hono/html";
import { readableBy, type Authorize } from "../http/access.ts";
import type { AppEnv } from "../http/context.ts";
import { LIFETIMES, NOTHING_LOADED } from "../http/headers.ts";
import { adminSetup, publishSetup, clientSetups, type ClientSetup } from "../pypi/setups.ts";
import { STYLE } from "./style.ts";

/** What the page shows of an index. */
interface HomeIndex {
  readonly name: string;
  /** Prefix of its addresses: empty, or a slash and its name. */
  readonly base: string;
  /** All indexes, including this one. */
  readonly indexes: readonly Pick<HomeIndex, "name" | "base" | "isPrivate">[];
  /** The public address, where it is not the request's own; else empty. */
  readonly publicUrl: string;
  readonly upstreams: readonly { readonly url: URL }[];
  /** The indexes whose hosted packages it contains. */
  readonly overlays: readonly { readonly index: string }[];
  /** Whether it takes uploads. */
  readonly hosted: boolean;
  /** Whether reading needs a token. */
  readonly isPrivate: boolean;
  readonly catalog: { count(): Promise<number> };
}

/**
 * A page for people that says what this is and how to configure each client, with the host name of the request. Of the
 * other indexes it lists only those that the reader may read.
 */
export function homeRoutes(index: HomeIndex, authorize: Authorize): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/", async (c) => {
    const host = index.publicUrl || new URL(c.req.url).origin;
    // The page is useful without the number.
    const storedProjects = await index.catalog.count().catch(() => undefined);
    c.header("Cache-Control", LIFETIMES.ownHost["Cache-Control"]);
    c.header("Content-Security-Policy", `${NOTHING_LOADED}; style-src 'unsafe-inline'`);
    const mayRead = await readableBy(c, authorize);
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
        storedProjects={storedProjects}
        others={others.map(({ base }) => `${host}${base}/`)}
      />,
    );
  });
  return routes;
}

interface HomeProps extends Pick<HomeIndex, "name" | "overlays" | "hosted" | "isPrivate"> {
  readonly host: string;
  readonly base: string;
  /** Host names in order; the first that owns a project wins. */
  readonly upstreams: readonly string[];
  readonly storedProjects: number | undefined;
  /** Addresses of the other indexes' pages. */
  readonly others: readonly string[];
}

function Home({ name, host, base, overlays, hosted, isPrivate, upstreams, storedProjects: kept, others }: HomeProps) {
  const index = `${base}/simple/`;
  const links = `${base}/find-links/`;
  const team = hosted ? [publishSetup(`${base}/legacy/`), adminSetup(name, `${host}/`)] : [];
  const clients = [...clientSetups(index, isPrivate), ...team];
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
                {overlays.length === 0 ? "A Python package index that mirrors " : "All other names are those of "}
                <b>{upstreams.join(", then ")}</b>
                {". "}
                Point your installer here: pages and files come from the cache, every byte is verified before it is
                stored, and installs keep working while the upstream is down.
              </p>
            )}
            {isPrivate ? (
              <p class="lead">
                Reading needs a token: replace <code>TOKEN</code> in these lines by yours.
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
                  <dt>Stored projects</dt>
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

function Client({ client, steps }: ClientSetup) {
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
