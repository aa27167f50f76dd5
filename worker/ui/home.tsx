import { Hono } from "hono";
import { DEFAULT } from "../../schema/indexes.ts";
import { IndexError } from "../errors.ts";
import type { Authorize } from "../http/access.ts";
import type { AppEnv } from "../http/context.ts";
import { hostedProjectRows, publishersFor, type HostedProjectRow } from "../http/hosted-projects.ts";
import { tokenReach, type TokenReach } from "../http/token-reach.ts";
import { counted } from "../pypi/counted.ts";
import { adminSetup, publishSetup, clientSetups, type ClientSetup } from "../pypi/setups.ts";
import type { Publishers } from "../repository/ports/publishers.ts";
import type { Repository } from "../repository/repository.ts";
import { Layout, pagePlace, sendHtml, type PagePlace } from "./layout.tsx";
import { otherIndexes, type NeighbourIndex } from "./other-indexes.tsx";
import { Badge, Command, Minute, Scrolled, UploadedBy } from "./parts.tsx";
import { sizeText } from "../pypi/size-text.ts";
import { IndexTokens } from "./index-tokens.tsx";
import { sourceText, type ShownSource } from "./source-text.ts";

/** What the page shows of an index. */
interface HomeIndex {
  readonly name: string;
  /** Prefix of its addresses: empty, or a slash and its name. */
  readonly base: string;
  /** All indexes, including this one. */
  readonly indexes: readonly NeighbourIndex[];
  /** The public address, where it is not the request's own; else empty. */
  readonly publicUrl: string;
  readonly upstreams: readonly ShownSource[];
  /** The indexes whose hosted packages it contains. */
  readonly overlays: readonly { readonly index: string }[];
  /** Whether it takes uploads. */
  readonly hosted: boolean;
  /** Whether reading needs a token. */
  readonly isPrivate: boolean;
  readonly catalog: { count(): Promise<number> };
  readonly repository: Repository;
  readonly publishers: Publishers;
  readonly tokens: Parameters<typeof tokenReach>[3];
}

/** How many hosted projects the page lists, unless it is asked for all. */
const LISTED = 50;

/**
 * The page of an index: what it hosts, and how to configure each client, with the host name of the request. Of the other indexes it
 * lists only those that the reader may read.
 */
export function homeRoutes(index: HomeIndex, authorize: Authorize): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/", async (c) => {
    const place = pagePlace(c, index, index.publicUrl);
    // The page is useful without the number, and without the list.
    const storedProjects = await index.catalog.count().catch(() => undefined);
    const rows = index.overlays.length === 0 ? [] : await hostedProjectRows(index.repository, c.get("ctx")).catch(none);
    const shown = c.req.query("hosted") === "all" ? rows : rows?.slice(0, LISTED);
    const names = shown?.map(({ project }) => project) ?? [];
    const by = await publishersFor(c, authorize, index, (indexes) => index.publishers.last(indexes, names));
    const tokens = index.isPrivate || index.hosted ? await tokenReach(c, authorize, index.name, index.tokens) : [];
    const others = await otherIndexes(c, authorize, index);
    return sendHtml(
      c,
      <Home
        index={index}
        place={place}
        storedProjects={storedProjects}
        rows={rows}
        shown={shown ?? []}
        by={by}
        tokens={tokens}
        others={others.map(({ base }) => `${place.host}${base}/`)}
      />,
    );
  });
  return routes;
}

function none(error: unknown): undefined {
  if (!(error instanceof IndexError)) throw error;
}

interface HomeProps {
  readonly index: HomeIndex;
  readonly place: PagePlace;
  readonly storedProjects: number | undefined;
  /** undefined: what is hosted cannot be told now. */
  readonly rows: readonly HostedProjectRow[] | undefined;
  readonly shown: readonly HostedProjectRow[];
  readonly by: ReadonlyMap<string, string>;
  readonly tokens: readonly TokenReach[];
  /** Addresses of the other indexes' pages. */
  readonly others: readonly string[];
}

function Home(props: HomeProps) {
  const { index, place, others } = props;
  const { name, overlays, upstreams, hosted, isPrivate } = index;
  const simple = `${place.url}/simple/`;
  const team = hosted ? [publishSetup(`${place.url}/legacy/`), adminSetup(name, `${place.host}/`)] : [];
  const sources = upstreams.map(sourceText).join(", then ");
  const isOffline = upstreams.every(({ kind }) => kind === "offline");
  return (
    <Layout title={name === DEFAULT ? "pypi-edge · a Python package index" : `${name} · pypi-edge`} place={place}>
      <h1>{name === DEFAULT ? "pypi-edge" : name}</h1>
      {overlays.length === 0 ? null : (
        <p class="lead">
          A Python package index of what is uploaded to <b>{overlays.map((each) => each.index).join(", then ")}</b>
          {": "}no upstream is asked for a name that is hosted here.
        </p>
      )}
      {sources === "" ? null : (
        <p class="lead">
          {overlays.length === 0
            ? `A Python package index ${isOffline ? "of" : "that mirrors"} `
            : "All other names are those of "}
          <b>{sources}</b>
          {". "}
          {isOffline
            ? "Point your installer here: every byte was verified before it was stored, and no other server is ever asked."
            : "Point your installer here: pages and files come from the cache, every byte is verified before it is stored, and installs keep working while the upstream is down."}
        </p>
      )}
      <Facts {...props} />
      {overlays.length === 0 ? null : <Hosted {...props} />}
      {props.tokens.length > 0 && <IndexTokens place={place} tokens={props.tokens} />}
      <h2>Set up a client</h2>
      {isPrivate ? (
        <p>
          Reading needs a token: replace <code>TOKEN</code> in these lines by yours.
        </p>
      ) : null}
      <div class="cards">
        {[...clientSetups(simple, isPrivate), ...team].map((setup) => (
          <Client {...setup} />
        ))}
      </div>
      <p class="soft small">
        Look up a project with the search above, or at <code>{simple}NAME/</code>. Clients that ask for JSON get it; a
        browser gets HTML.
      </p>
      {others.length === 0 ? null : (
        <>
          <h2 id="indexes">Other indexes here</h2>
          <ul class="plain">
            {others.map((url) => (
              <li>
                <a href={url}>{url}</a>
              </li>
            ))}
          </ul>
        </>
      )}
    </Layout>
  );
}

function Facts({ index, place, storedProjects, rows }: HomeProps) {
  const simple = `${place.url}/simple/`;
  const links = `${place.url}/find-links/`;
  return (
    <dl class="facts">
      <div>
        <dt>Index URL</dt>
        <dd>
          <a href={simple}>{simple}</a>
        </dd>
      </div>
      {index.overlays.length === 0 ? null : (
        <>
          <div>
            <dt>Hosted files, for --find-links</dt>
            <dd>
              <a href={links}>{links}</a>
            </dd>
          </div>
          {rows && (
            <div>
              <dt>Hosted here</dt>
              <dd>
                {counted(rows.length, "project")}, {sizeText(rows.reduce((sum, { bytes }) => sum + bytes, 0))}
              </dd>
            </div>
          )}
        </>
      )}
      {storedProjects === undefined || index.upstreams.length === 0 ? null : (
        <div>
          <dt>Stored projects</dt>
          <dd>{storedProjects.toLocaleString("en")}</dd>
        </div>
      )}
    </dl>
  );
}

function Hosted({ place, rows, shown, by }: HomeProps) {
  if (!rows) return <p>What is hosted here cannot be told now: the database does not answer. Try again in a moment.</p>;
  if (rows.length === 0) return <p>Nothing is hosted here yet: the lines below for publishing are the first step.</p>;
  return (
    <>
      <h2 id="hosted">Hosted here</h2>
      <Scrolled by="hosted">
        <table>
          <thead>
            <tr>
              <th scope="col">Project</th>
              <th scope="col">Last upload</th>
              <th scope="col">On</th>
              {by.size > 0 && <th scope="col">By</th>}
              <th scope="col" class="num">
                Files
              </th>
              <th scope="col" class="num">
                Size
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ project, version, yanked, uploadedAt, files, bytes }) => (
              <tr>
                <th scope="row" class="name">
                  <a href={`${place.at}project/${project}/`}>{project}</a>
                </th>
                <td>
                  {version} {yanked && <Badge tone="warn">yanked</Badge>}
                </td>
                <td class="day">
                  <Minute at={uploadedAt} />
                </td>
                {by.size > 0 && (
                  <td>
                    {by.has(project) ? (
                      <UploadedBy place={place} project={project} name={by.get(project) ?? ""} />
                    ) : (
                      "—"
                    )}
                  </td>
                )}
                <td class="num">{files}</td>
                <td class="num">{sizeText(bytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
      {shown.length < rows.length && (
        <p>
          <a href="?hosted=all">All {rows.length.toLocaleString("en")} projects</a>
        </p>
      )}
    </>
  );
}

function Client({ client, steps }: ClientSetup) {
  return (
    <section class="card">
      <h3>{client}</h3>
      {steps.map(({ where, text }) => (
        <>
          <p class="soft small">{where}</p>
          <Command text={text} label={`${client}, ${where}`} />
        </>
      ))}
    </section>
  );
}
