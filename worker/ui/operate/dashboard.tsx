import { minute } from "../../pypi/minute.ts";
import { Hono } from "hono";
import { DEFAULT } from "../../../schema/indexes.ts";
import { DAY, HOUR } from "../../duration.ts";
import { badRequest } from "../../errors.ts";
import { pendingLately } from "../../http/api/policy-outlook.ts";
import type { Context } from "../../repository/context.ts";
import type { Authorize } from "../../http/access.ts";
import type { AppEnv } from "../../http/context.ts";
import { orUnavailable } from "../../http/figures-unavailable.ts";
import { LIFETIMES } from "../../http/headers.ts";
import type { KnownTrouble } from "../../http/health.ts";
import { redirectTo } from "../../http/redirect.ts";
import type { SignedIn } from "../../http/signed-in.ts";
import { readFigures, type FigureSources } from "../../repository/figures.ts";
import type { Counters, LastEvent } from "../../repository/ports/counters.ts";
import type { Explain } from "../../repository/explanation.ts";
import type { AskedFor } from "../../repository/ports/asked-for.ts";
import type { History } from "../../repository/ports/history.ts";
import type { MirroredSource } from "../../repository/repository.ts";
import { Layout, pagePlace, sendHtml, type PagePlace } from "../layout.tsx";
import { Held, type HeldNow } from "./held.tsx";
import { areKnown, bucketsOf, sinceTheBeginning, SPANS, type Bucket, type SpanName } from "./buckets.ts";
import { OperateNav } from "./nav.tsx";
import { Plot } from "./plot.tsx";
import { plotsOf, refusedText, savedText } from "./plots.ts";
import { Scrolled } from "../parts.tsx";

/** What the dashboard needs of an index. */
interface HoldingIndex {
  readonly config: Pick<HeldNow, "base"> & { readonly name: string };
  /** The keys of its sources. */
  readonly sources: readonly string[];
  /** Explains its policy; undefined where it has none. */
  readonly explain: Explain | undefined;
}

/** What the dashboard is made of. */
interface DashboardParts extends FigureSources {
  readonly authorize: Authorize;
  /** The public address, where it is not the request's own; else empty. */
  readonly publicUrl: string;
  readonly history: History;
  readonly counters: Pick<Counters, "totals" | "lastEvents">;
  readonly sources: ReadonlyMap<string, Pick<MirroredSource, "name" | "popularity" | "changes">>;
  /** Bytes; 0: none. */
  readonly quota: number;
  readonly askedFor: AskedFor;
  /** What is wrong with the trusted root that rules on provenance go by, or will soon be. */
  readonly trustedRoot: (now: number) => Promise<KnownTrouble | undefined>;
  /** That indexes had packages which the configuration does not let host any more. */
  readonly hostedNowhere: () => Promise<Pick<KnownTrouble, "sentence"> | undefined>;
  readonly indexes: readonly HoldingIndex[];
  /** Whether answers can come from a cache of the data centre. */
  readonly hasSharedCache: boolean;
}

/** How many projects the list of each source has. */
const TOP_PROJECTS = 12;

/** How many projects of each index are looked at for what its policy holds: each is a page to be read. */
const LOOKED_AT = 40;

/** The dashboard at `/-/`, for those who administer every index. */
export function dashboardRoutes(parts: DashboardParts): Hono<AppEnv> {
  const { authorize, publicUrl, history, counters, sources } = parts;
  const routes = new Hono<AppEnv>();
  routes.get("/-", (c) => redirectTo(c, "/-/"));
  routes.get("/-/", async (c) => {
    const { principal } = await authorize(c, { scope: "admin", index: "*" });
    const ctx = c.get("ctx");
    const { now } = ctx;
    const span = spanIn(c.req.query("span"));
    const begin = now - SPANS[span].length - SPANS[span].width;
    const figures = Promise.all([
      history.since(begin),
      readFigures(parts, now),
      counters.lastEvents(),
      heldNow(parts, ctx),
      Promise.all(
        [...sources.values()].flatMap(({ name, popularity }) =>
          popularity ? [popularity.projects(now).then((all) => ({ name, projects: all.slice(0, TOP_PROJECTS) }))] : [],
        ),
      ),
      parts.trustedRoot(now),
      parts.hostedNowhere(),
    ]);
    const [kept, present, events, held, top, root, nowhere] = await orUnavailable(ctx, figures);
    const place = pagePlace(c, { name: DEFAULT, base: "" }, publicUrl);
    const answer = await sendHtml(
      c,
      <Dashboard
        place={place}
        who={principal}
        span={span}
        buckets={bucketsOf([...kept, present], span, now)}
        whole={sinceTheBeginning(present)}
        firstAt={kept[0]?.at}
        platform={parts}
        events={events}
        held={held}
        root={root}
        nowhere={nowhere}
        top={top.map(({ name, projects }) => ({ source: name, projects: projects.map((each) => each.name) }))}
      />,
    );
    answer.headers.set("Cache-Control", LIFETIMES.live["Cache-Control"]);
    return answer;
  });
  return routes;
}

/** What the policy of each index holds; what cannot be found out keeps nothing else from being shown. */
const heldNow = ({ indexes, askedFor }: DashboardParts, ctx: Context): Promise<HeldNow[]> =>
  Promise.all(
    indexes.flatMap(({ config: { name: index, base }, sources, explain }) =>
      explain
        ? [
            pendingLately({ index, askedFor, sources, explain }, LOOKED_AT, ctx).then(
              (pending) => ({ index, base, pending }),
              () => ({ index, base, pending: undefined }),
            ),
          ]
        : [],
    ),
  );

function spanIn(text: string | undefined): SpanName {
  if (text === undefined) return "24h";
  const span = (Object.keys(SPANS) as SpanName[]).find((name) => name === text);
  if (span) return span;
  throw badRequest(`span is ${JSON.stringify(text.slice(0, 20))}; it is one of ${Object.keys(SPANS).join(", ")}.`);
}

interface DashboardProps {
  readonly place: PagePlace;
  readonly who: SignedIn;
  readonly span: SpanName;
  readonly buckets: readonly Bucket[];
  /** All that was counted until now. */
  readonly whole: Bucket;
  /** When the first reading of the span, or the last one before it, was kept; undefined: there is none. */
  readonly firstAt: number | undefined;
  readonly platform: Pick<DashboardParts, "quota" | "hasSharedCache">;
  readonly events: readonly LastEvent[];
  readonly held: readonly HeldNow[];
  readonly root: KnownTrouble | undefined;
  readonly nowhere: Pick<KnownTrouble, "sentence"> | undefined;
  readonly top: readonly { readonly source: string; readonly projects: readonly string[] }[];
}

function Dashboard({ place, who, span, platform, events, held, root, nowhere, top, ...read }: DashboardProps) {
  // Until there is a reading to count from, the numbers are those since the counters began.
  const buckets = areKnown(read.buckets) ? read.buckets : [read.whole];
  const when = (at: number) => momentText(at, SPANS[span].length);
  return (
    <Layout title="Dashboard · pypi-edge" place={place}>
      <h1>Dashboard</h1>
      <OperateNav place={place} here="" who={who} />
      <p class="lead">All indexes of this server, in UTC. A reading is kept each hour.</p>
      <nav aria-label="Span" class="badges">
        {(Object.keys(SPANS) as SpanName[]).map((name) => (
          <a class="badge" href={`?span=${name}`} aria-current={name === span ? "page" : undefined}>
            {SPANS[name].words}
          </a>
        ))}
      </nav>
      {nowhere && <p class="card note alarm">{nowhere.sentence}</p>}
      {root && (
        <p class={root.isFault ? "card note alarm" : "card note"}>
          {root.sentence}
          {root.isFault && " What was verified before stays so; what is new is held."}
        </p>
      )}
      <Saved {...read} span={span} />
      <div class="plots">
        {plotsOf(buckets, platform).map((data) => (
          <Plot data={data} buckets={buckets} when={when} />
        ))}
      </div>
      <Held place={place} held={held} />
      <LastEvents events={events} />
      {top.map(({ source, projects }) => (
        <>
          <h2>Popular projects of {source}</h2>
          <p class="soft small">The most asked for, and those of the configuration: their pages are kept fresh.</p>
          {projects.length === 0 ? (
            <p>Nothing has been asked for yet.</p>
          ) : (
            <ol>
              {projects.map((project) => (
                <li>{project}</li>
              ))}
            </ol>
          )}
        </>
      ))}
      <p class="soft small">
        For Prometheus: <a href={`${place.up}-/metrics`}>{place.host}/-/metrics</a>.
      </p>
    </Layout>
  );
}

/** What the cache has saved, in the span and in all, and from when that is known. */
function Saved({ span, buckets, whole, firstAt }: Pick<DashboardProps, "span" | "buckets" | "whole" | "firstAt">) {
  const begin = buckets[0]?.from ?? 0;
  const refused = refusedText(areKnown(buckets) ? buckets : [whole]);
  return (
    <section class="card" id="saved-in-all" aria-labelledby="saved-in-all-title">
      <h2 id="saved-in-all-title">Saved</h2>
      {areKnown(buckets) ? (
        <p>
          <b>{SPANS[span].words}:</b> {savedText(buckets)}.
          {firstAt !== undefined && firstAt > begin + HOUR && (
            <> The first reading is of {minute(new Date(firstAt).toISOString())}; what was before it is not in this.</>
          )}
        </p>
      ) : (
        <p>
          <b>{SPANS[span].words}:</b> not known yet, since no reading of the counters has been kept to count from: the
          job figures keeps one at the end of each hour. Until then the numbers below are those since the counters
          began.
        </p>
      )}
      <p>
        <b>Since the counters began:</b> {savedText([whole])}.
      </p>
      {refused && (
        <p>
          <b>Refused{areKnown(buckets) ? `, ${SPANS[span].words}` : ""}:</b> {refused}. What is stored was served.
        </p>
      )}
      <p class="soft small">
        Requests for pages, files and documents of packages. A page that the upstream only confirmed as unchanged counts
        as saved, and so do hosted files: they are stored here.
      </p>
    </section>
  );
}

function LastEvents({ events }: { readonly events: readonly LastEvent[] }) {
  if (events.length === 0) return <p>No error has been recorded.</p>;
  return (
    <>
      <h2 id="events">The last error of each kind</h2>
      <p class="soft small">
        <code>feed</code>: an upstream's change log, which says what has changed there. <code>message-died</code>: a new
        dead letter.
      </p>
      <Scrolled by="events">
        <table>
          <thead>
            <tr>
              <th scope="col">When (UTC)</th>
              <th scope="col">Kind</th>
              <th scope="col">What</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {events.map(({ at, event, what, reason }) => (
              <tr>
                <td class="day">{minute(new Date(at).toISOString())}</td>
                <th scope="row">{event}</th>
                <td class="name">{what}</td>
                <td class="name">{reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
    </>
  );
}

/** `14:00` within a day, `11-29 06:00` within a week, `11-29` beyond. */
function momentText(at: number, length: number): string {
  const iso = new Date(at).toISOString();
  if (length <= DAY) return iso.slice(11, 16);
  return length <= 7 * DAY ? `${iso.slice(5, 10)} ${iso.slice(11, 16)}` : iso.slice(5, 10);
}
