import { Hono } from "hono";
import { raw } from "hono/html";
import type { Config } from "../../schema/config.ts";
import type { AppEnv } from "../http/context.ts";
import { LIFETIMES } from "../http/headers.ts";
import { setups, type Setup } from "../pypi/setups.ts";
import { STYLE } from "./style.ts";

/** What the page about an index needs of it. */
interface Shown {
  readonly catalog: { count(): Promise<number> };
}

/** The page for a person: what this is, and how to point each client at it, under the host name it was asked under. */
export function homeRoutes(config: Config, index: Shown): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/", async (c) => {
    const base = config.publicUrl || new URL(c.req.url).origin;
    // The figure is for interest: without the catalog the page is still what people came for.
    const kept = await index.catalog.count().catch(() => undefined);
    c.header("Cache-Control", LIFETIMES.home["Cache-Control"]);
    c.header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
    return c.html(<Home base={base} upstream={config.upstream.host} kept={kept} />);
  });
  return routes;
}

interface HomeProps {
  readonly base: string;
  readonly upstream: string;
  readonly kept: number | undefined;
}

function Home({ base, upstream, kept }: HomeProps) {
  const index = `${base}/simple/`;
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
            <p class="lead">
              A Python package index that keeps what <b>{upstream}</b> has. Point your installer here: pages and files
              come from the cache, every byte is verified before it is kept, and installs go on while the upstream is
              away.
            </p>
            <dl>
              <div>
                <dt>Index URL</dt>
                <dd>
                  <a href={index}>{index}</a>
                </dd>
              </div>
              {kept === undefined ? null : (
                <div>
                  <dt>Projects kept here</dt>
                  <dd>{kept.toLocaleString("en")}</dd>
                </div>
              )}
            </dl>
            {setups(index).map((setup) => (
              <Client {...setup} />
            ))}
            <footer>
              <p>
                Look up a project at <code>{index}NAME/</code>. Clients that ask for JSON get it; a browser gets HTML.
              </p>
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
