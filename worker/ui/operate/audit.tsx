import { indexText } from "../../../schema/token.ts";
import { Hono } from "hono";
import { AUDIT_ACTIONS } from "../../../schema/audit.ts";
import { DEFAULT } from "../../../schema/indexes.ts";
import type { AuditLine } from "../../../schema/release.ts";
import type { Authorize } from "../../http/access.ts";
import { answerAudit, newestEntries, ownSelection } from "../../http/api/audit.ts";
import { parametersOf } from "../../http/api/parameters.ts";
import type { AppEnv } from "../../http/context.ts";
import { may, type SignedIn } from "../../http/signed-in.ts";
import { Layout, pagePlace, sendHtml, type PagePlace } from "../layout.tsx";
import { Badge, Command, Scrolled } from "../parts.tsx";
import { shellWord } from "../shell-word.ts";
import { OperateNav } from "./nav.tsx";

/** What the page needs. */
interface AuditPageParts {
  readonly authorize: Authorize;
  readonly auditLog: Parameters<typeof newestEntries>[0];
  readonly indexes: readonly { readonly name: string }[];
  /** The public address, where it is not the request's own; else empty. */
  readonly publicUrl: string;
}

/** Entries of a page. */
const SHOWN = 50;

/** The fields of the filter. */
const FIELDS = ["actor", "action", "index", "project", "since", "until"] as const;

type Filter = Partial<Record<(typeof FIELDS)[number], string>>;

/**
 * The audit log, newest first, to be mounted at the server's root: for those who administer what is asked for. With `format` it is a
 * file of all that the filter selects, as the API gives it.
 */
export function auditPageRoutes({ authorize, auditLog, indexes, publicUrl }: AuditPageParts): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/-/audit", async (c) => {
    const address = withoutEmpty(c.req.url);
    const { format, before, ...asked } = parametersOf(address.href, [...FIELDS, "format", "before"]);
    const { who, selection: filter } = await ownSelection(c, authorize, asked);
    if (format !== undefined) {
      address.searchParams.set("newest", "true");
      if (filter.index !== undefined) address.searchParams.set("index", filter.index);
      const answer = await answerAudit(c, authorize, auditLog, address.href);
      answer.headers.set("Content-Disposition", `attachment; filename="audit.${format === "csv" ? "csv" : "ndjson"}"`);
      return answer;
    }
    const found = await newestEntries(auditLog, { ...filter, ...(before !== undefined && { before }) }, SHOWN + 1);
    const place = pagePlace(c, { name: DEFAULT, base: "" }, publicUrl);
    const names = indexes.flatMap(({ name }) => (may(who, { scope: "admin", index: name }) ? [name] : []));
    const answer = await sendHtml(
      c,
      <AuditPage place={place} who={who} filter={filter} names={names} found={found} isFirst={before === undefined} />,
    );
    answer.headers.set("Cache-Control", "no-store");
    return answer;
  });
  return routes;
}

/** Fields of a form that were left empty are sent as well. */
function withoutEmpty(url: string): URL {
  const address = new URL(url);
  const given = [...address.searchParams].filter(([, value]) => value !== "");
  address.search = new URLSearchParams(given).toString();
  return address;
}

interface AuditPageProps {
  readonly place: PagePlace;
  readonly who: SignedIn;
  readonly filter: Filter;
  readonly names: readonly string[];
  /** One more than are shown, where there are more. */
  readonly found: readonly AuditLine[];
  readonly isFirst: boolean;
}

function AuditPage({ place, who, filter, names, found, isFirst }: AuditPageProps) {
  const shown = found.slice(0, SHOWN);
  const last = found.length > SHOWN ? shown.at(-1) : undefined;
  const address = (more: Record<string, string>) => `?${new URLSearchParams({ ...filter, ...more })}`;
  return (
    <Layout title="Audit log · pypi-edge" place={place}>
      <h1>Audit log</h1>
      <OperateNav place={place} here="audit" who={who} />
      <p class="lead">What was written: who, what, when, and from which address. The newest is first; times are UTC.</p>
      <FilterForm filter={filter} names={names} />
      {shown.length === 0 ? (
        <p>No entry matches.</p>
      ) : (
        <Scrolled label="Entries">
          <table>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">Did</th>
                <th scope="col">Index</th>
                <th scope="col">Project</th>
                <th scope="col">What</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((entry) => (
                <Row entry={entry} />
              ))}
            </tbody>
          </table>
        </Scrolled>
      )}
      <nav aria-label="More" class="badges">
        {!isFirst && (
          <a class="badge" href={address({})}>
            Newest
          </a>
        )}
        {last && (
          <a class="badge" href={address({ before: String(last.id) })} rel="next">
            Older
          </a>
        )}
        <a class="badge" href={address({ format: "csv" })} download="">
          All of this as CSV
        </a>
        <a class="badge" href={address({ format: "json" })} download="">
          All of this as lines of JSON
        </a>
      </nav>
      <h2>By command</h2>
      <Command text={commandOf(filter)} label="print these entries" />
    </Layout>
  );
}

function FilterForm({ filter, names }: Pick<AuditPageProps, "filter" | "names">) {
  return (
    <form class="filter" aria-label="Entries">
      <label>
        Who
        <input name="actor" value={filter.actor} placeholder="id or name" autocapitalize="none" />
      </label>
      <label>
        Did
        <Select name="action" all="anything" options={AUDIT_ACTIONS} chosen={filter.action} />
      </label>
      <label>
        Index
        <Select name="index" all="any" options={names} chosen={filter.index} />
      </label>
      <label>
        Project
        <input name="project" value={filter.project} autocapitalize="none" spellcheck={false} />
      </label>
      <label>
        From
        <input type="date" name="since" value={filter.since} />
      </label>
      <label>
        To
        <input type="date" name="until" value={filter.until} />
      </label>
      <button>Show</button>
    </form>
  );
}

interface SelectProps {
  readonly name: string;
  readonly all: string;
  readonly options: readonly string[];
  readonly chosen: string | undefined;
}

const Select = ({ name, all, options, chosen }: SelectProps) => (
  <select name={name}>
    <option value="">{all}</option>
    {options.map((option) => (
      <option value={option} selected={option === chosen}>
        {option}
      </option>
    ))}
  </select>
);

function Row({ entry }: { readonly entry: AuditLine }) {
  const { at, actor, actorName, origin, action, index, project, subject, details } = entry;
  const more = Object.entries(details as Record<string, unknown>).filter(([, value]) => value !== null);
  return (
    <tr>
      <td class="day">{at.slice(0, 19).replace("T", " ")}</td>
      <th scope="row" class="name">
        {actorName}
        <div class="soft small">
          {actor === actorName ? "" : actor} {origin}
        </div>
      </th>
      <td>
        <Badge>{action}</Badge>
      </td>
      <td>{indexText(index)}</td>
      <td>{project}</td>
      <td class="name">
        {subject}
        {more.length > 0 && (
          <details class="small">
            <summary class="soft">more</summary>
            <dl class="details">
              {more.map(([key, value]) => (
                <div>
                  <dt>{key}</dt>
                  <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
                </div>
              ))}
            </dl>
          </details>
        )}
      </td>
    </tr>
  );
}

/** The command that prints what the filter selects. */
const commandOf = (filter: Filter) =>
  ["pypi-edge audit --newest", ...Object.entries(filter).map(([name, value]) => `--${name} ${shellWord(value)}`)].join(
    " ",
  );
