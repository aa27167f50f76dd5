import { Hono } from "hono";
import type { Authorize } from "../http/access.ts";
import type { AppEnv } from "../http/context.ts";
import { search, type FoundProject, type SearchedIndex, type SearchResult } from "../http/search.ts";
import { Layout, pagePlace, sendHtml, type PagePlace } from "./layout.tsx";
import { otherSearches, SearchElsewhere, type NeighbourIndex, type OtherSearch } from "./other-indexes.tsx";
import { Badge } from "./parts.tsx";
import { problemPage } from "./problem-page.tsx";
import { lookingAt } from "./project/view.ts";
import { counted } from "../pypi/counted.ts";

/** What the route needs of an index. */
interface SearchPageIndex extends SearchedIndex, Pick<PagePlace, "name" | "base"> {
  /** The public address, where it is not the request's own; else empty. */
  readonly publicUrl: string;
  /** All indexes, including this one. */
  readonly indexes: readonly NeighbourIndex[];
}

/** Where a project is, for people. */
const ORIGINS = {
  hosted: { text: "hosted here", tone: "good" },
  stored: { text: "kept here", tone: undefined },
  upstream: { text: "upstream", tone: undefined },
} as const;

/**
 * Searches the projects of an index by name; to be mounted at `{base}/search`. Of the other indexes it names those that the reader
 * may read.
 */
export function searchRoutes(index: SearchPageIndex, authorize: Authorize): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/", async (c) => {
    const query = (c.req.query("q") ?? "").slice(0, 200);
    const place = pagePlace(c, index, index.publicUrl);
    const ctx = lookingAt(c.get("ctx"));
    const result = await search(index, query, ctx);
    const others = await otherSearches(c, authorize, index, query, ctx);
    return sendHtml(c, <SearchPage place={place} query={query} result={result} others={others} />);
  });
  routes.onError((error, c) => problemPage(c, error, index));
  return routes;
}

interface SearchProps {
  readonly place: PagePlace;
  readonly query: string;
  readonly result: SearchResult;
  readonly others: readonly OtherSearch[];
}

function SearchPage({ place, query, result, others }: SearchProps) {
  const { wanted, found, isCut, refusal, isPartial } = result;
  const title = wanted === "" ? "Search" : `${wanted} · search`;
  return (
    <Layout title={`${title} · ${place.name}`} place={place} query={query}>
      <h1>{wanted === "" ? "Search" : <>Search for {wanted}</>}</h1>
      {wanted === "" && <p class="lead">Type a part of a project's name: letters, digits and hyphens.</p>}
      {refusal !== undefined && (
        <div class="card note alarm">
          <p>
            <b>{wanted} is not offered.</b> {refusal.sentence} {refusal.writtenIn}{" "}
            {refusal.isExplained && <a href={`${place.at}-/why/${wanted}`}>What the policy says of {wanted}</a>}
          </p>
        </div>
      )}
      {wanted !== "" && (found.length > 0 || refusal === undefined) && (
        <p class="soft" role="status">
          {found.length === 0
            ? `Nothing in ${place.name} has this in its name.`
            : `${isCut ? "The best " : ""}${counted(found.length, "project")} in ${place.name}`}
        </p>
      )}
      {isPartial && (
        <p class="soft small">
          The names of the upstreams are not known here yet: what is hosted or kept here was searched. Search again in a
          minute.
        </p>
      )}
      <ul class="plain results">
        {found.map((project) => (
          <Found place={place} project={project} />
        ))}
      </ul>
      {wanted !== "" && <SearchElsewhere place={place} query={query} others={others} />}
    </Layout>
  );
}

function Found({
  place,
  project: { name, kind, origin },
}: {
  readonly place: PagePlace;
  readonly project: FoundProject;
}) {
  const { text, tone } = ORIGINS[origin];
  return (
    <li>
      <a href={`${place.at}project/${name}/`}>{name}</a> <Badge tone={tone}>{text}</Badge>{" "}
      {kind === "exact" && <Badge>this very name</Badge>}
    </li>
  );
}
