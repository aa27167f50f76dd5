import { Hono, type Context as HonoContext } from "hono";
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { IndexError } from "../errors.ts";
import type { Authorize } from "../http/access.ts";
import type { AppEnv } from "../http/context.ts";
import { managedProject, type ManagedProject, type ManagedReleases } from "../http/managed-project.ts";
import { publishersFor } from "../http/hosted-projects.ts";
import { redirectToCanonical } from "../http/redirect.ts";
import { meantNames, type SearchedIndex } from "../http/search.ts";
import { counted } from "../pypi/counted.ts";
import { isWheel } from "../pypi/filename.ts";
import { parseProjectName, type ProjectName } from "../pypi/name.ts";
import { installSetups } from "../pypi/setups.ts";
import type { Publishers } from "../repository/ports/publishers.ts";
import { askedRelease } from "./asked-release.ts";
import { Layout, pagePlace, sendHtml, type PagePlace } from "./layout.tsx";
import { otherSearches, SearchElsewhere, type NeighbourIndex, type OtherSearch } from "./other-indexes.tsx";
import { Badge, Command, Day } from "./parts.tsx";
import { Dependencies, Facts, Versions } from "./project/facts.tsx";
import { Files, Refused, type FileFilter } from "./project/files.tsx";
import { Manage } from "./project/manage.tsx";
import { problemPage } from "./problem-page.tsx";
import { lookingAt, refusedFiles, viewProject, type ProjectView, type ViewedIndex } from "./project/view.ts";
import { sourceText, type ShownSource } from "./source-text.ts";

/** What the routes need of an index. */
export interface ProjectPageIndex extends ViewedIndex, SearchedIndex {
  /** Prefix of its addresses: empty, or a slash and its name. */
  readonly base: string;
  /** The public address, where it is not the request's own; else empty. */
  readonly publicUrl: string;
  /** Whether reading needs a token. */
  readonly isPrivate: boolean;
  readonly publishers: Publishers;
  readonly releases: ManagedReleases;
  /** Whether it takes uploads. */
  readonly hosted: boolean;
  readonly upstreams: readonly ShownSource[];
  /** All indexes, including this one. */
  readonly indexes: readonly NeighbourIndex[];
}

/**
 * The page of a project, or of a release of it, for people; to be mounted at `{base}/project`. It shows what the index lists, and
 * what its policy refuses, with the reason. Looking at it stores nothing, and does not count as demand.
 */
export function projectPageRoutes(index: ProjectPageIndex, authorize: Authorize): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/:project/:version?", async (c) => {
    const { project, version } = askedRelease(c.req.param());
    const path = [project, ...(version === undefined ? [] : [encodeURIComponent(version)])].join("/");
    const redirect = redirectToCanonical(c, `${index.base}/project/${path}/`);
    if (redirect) return redirect;
    const place = pagePlace(c, index, index.publicUrl);
    const ctx = lookingAt(c.get("ctx"));
    const view = await viewProject(index, project, version, ctx);
    if (view === null) {
      const meant = await meantNames(index, project, ctx);
      const others = await otherSearches(c, authorize, index, project, ctx);
      return sendHtml(c, <Absent place={place} project={project} meant={meant} others={others} />, 404);
    }
    if (view === "no-release") {
      return sendHtml(c, <NoRelease place={place} project={project} version={version ?? ""} />, 404);
    }
    const by = view.isHosted
      ? await publishersFor(c, authorize, index, (indexes) => index.publishers.ofFiles(indexes, project))
      : new Map<string, string>();
    const managed =
      place.forms && index.hosted && view.isHosted
        ? await managedProject(c, authorize, index.releases, index.name, project, version ?? view.shown?.version)
        : undefined;
    const filter = { python: c.req.query("python") || undefined, platform: c.req.query("platform") || undefined };
    return sendHtml(
      c,
      <ProjectPage
        index={index}
        place={place}
        view={view}
        isPinned={version !== undefined}
        filter={filter}
        by={by}
        managed={managed}
      />,
    );
  });
  routes.onError((error, c) => refusal(c, error, index));
  return routes;
}

/** A project that the policy refuses whole is a page as well; other failures are sentences, as everywhere. */
async function refusal(c: HonoContext<AppEnv>, error: unknown, index: ProjectPageIndex): Promise<Response> {
  if (!(error instanceof IndexError) || error.kind !== "project-blocked") return problemPage(c, error, index);
  const project = parseProjectName(c.req.param("project") ?? "");
  const place = pagePlace(c, index, index.publicUrl);
  // Where a rule refuses the name, the sentence says all.
  const explained = refusedFiles(index, project, lookingAt(c.get("ctx")));
  const [files] = await Promise.allSettled([explained]);
  return sendHtml(
    c,
    <Layout title={`${project} · ${index.name}`} place={place}>
      <h1>{project}</h1>
      <Note alarm>
        <p>
          <b>This index does not offer {project}.</b> {error.message} {error.writtenIn}{" "}
          {error.writtenIn !== undefined && (
            <a href={`${place.at}-/why/${project}`}>What the policy says of {project}</a>
          )}
        </p>
      </Note>
      {files.status === "fulfilled" && files.value.length > 0 && (
        <Refused place={place} project={project} files={files.value} />
      )}
    </Layout>,
    451,
  );
}

interface ProjectPageProps {
  readonly index: ProjectPageIndex;
  readonly place: PagePlace;
  readonly view: ProjectView;
  /** Whether the address names the release. */
  readonly isPinned: boolean;
  readonly filter: FileFilter;
  readonly by: ReadonlyMap<string, string>;
  /** What the reader may change; undefined: nothing. */
  readonly managed: ManagedProject | undefined;
}

function ProjectPage({ index, place, view, isPinned, filter, by, managed }: ProjectPageProps) {
  const { project, shown, files, readme, metadata } = view;
  const version = shown?.version ?? "";
  const [first] = metadata.known;
  const refused = shown && shown.refused.length > 0 && (
    <Refused place={place} project={project} files={shown.refused} />
  );
  const requirement = isPinned && version !== "" ? `${project}==${version}` : project;
  return (
    <Layout title={`${[project, version].filter(Boolean).join(" ")} · ${index.name}`} place={place}>
      <h1>
        {first?.metadata.name ?? project} <small>{version}</small>
      </h1>
      {first?.metadata.summary && <p class="lead">{first.metadata.summary}</p>}
      <Badges index={index} view={view} />
      <Notes view={view} />
      <div class="columns">
        <div>
          {files.length === 0 && refused}
          {files.length > 0 && (
            <>
              <h2>Install</h2>
              {index.isPrivate && (
                <p class="soft small">
                  Replace <code>TOKEN</code> by yours.
                </p>
              )}
              {installSetups(`${place.url}/simple/`, index.isPrivate, requirement).map(({ client, steps }) =>
                steps.map(({ text }) => (
                  <>
                    <h3>{client}</h3>
                    <Command text={text} label={client} />
                  </>
                )),
              )}
            </>
          )}
        </div>
        <aside>
          <Facts place={place} view={view} />
          <Dependencies place={place} view={view} />
          <Versions place={place} view={view} />
        </aside>
        <div>
          {files.length > 0 && (
            <>
              <h2 id="description">Description</h2>
              {readme === undefined ? (
                <p class="soft">{noReadme(view)}</p>
              ) : (
                <div class="card readme">{raw(readme)}</div>
              )}
            </>
          )}
        </div>
      </div>
      {files.length > 0 && (
        <>
          <h2 id="files">{counted(files.length, "file")}</h2>
          <Files place={place} project={project} files={files} filter={filter} by={by} />
        </>
      )}
      {refused && files.length > 0 && refused}
      {managed && <Manage place={place} project={project} managed={managed} />}
    </Layout>
  );
}

function noReadme({ metadata, files }: ProjectView): string {
  if (metadata.known.length > 0) return "This release has no description.";
  if (metadata.unread.length > 0) return "The metadata of this release is not stored here yet, and was not fetched.";
  if (files.some(({ entry }) => isWheel(entry.filename)))
    return "The wheels of this release have no metadata of their own on the index.";
  return files.some(({ isHosted }) => isHosted)
    ? "This release has no wheel, and its sdist was uploaded before descriptions of sdists were kept."
    : "This release has no wheel, and the upstream gives no description of an sdist alone.";
}

/** Where the project comes from, and what it is marked with. */
function Badges({ index, view }: Pick<ProjectPageProps, "index" | "view">) {
  const { isHosted, isMirrored, source, status, shown } = view;
  const upstream = index.upstreams.find((_, at) => index.sources[at] === source);
  return (
    <ul class="badges">
      {isHosted && (
        <li>
          <Badge tone="good">hosted in {index.overlays.map((each) => each.index).join(" or ")}</Badge>
        </li>
      )}
      {isMirrored && (
        <li>
          <Badge>from {upstream ? sourceText(upstream) : "an upstream"}</Badge>
        </li>
      )}
      {index.isPrivate && (
        <li>
          <Badge>private index</Badge>
        </li>
      )}
      {status && status.status !== "active" && (
        <li>
          <Badge tone={status.status === "quarantined" ? "bad" : "warn"}>{status.status}</Badge>
        </li>
      )}
      {shown?.yanked && shown.files > 0 && (
        <li>
          <Badge tone="warn">yanked</Badge>
        </li>
      )}
    </ul>
  );
}

/** What somebody should know before they install it. */
function Notes({ view: { status, shown, staleSince, files, unverifiable } }: Pick<ProjectPageProps, "view">) {
  return (
    <>
      {status && status.status !== "active" && (
        <Note alarm={status.status === "quarantined"}>
          <p>
            <b>This project is {status.status}.</b> {status.reason}
          </p>
        </Note>
      )}
      {shown?.yanked && shown.files > 0 && (
        <Note>
          <p>
            <b>This release is yanked:</b> installers skip it unless its version is pinned. {shown.reason}
          </p>
        </Note>
      )}
      {shown && files.length === 0 && shown.refused.length > 0 && (
        <Note alarm>
          <p>
            <b>No file of {shown.version} is offered.</b> The policy of this index refuses them; the reasons are below.
          </p>
        </Note>
      )}
      {unverifiable !== undefined && files.some(({ builder }) => builder !== undefined) && (
        <Note>
          <p>{unverifiable} What was verified before stays so.</p>
        </Note>
      )}
      {staleSince !== undefined && (
        <Note>
          <p>
            The upstream cannot be asked now. This is what is known since <Day at={staleSince} />.
          </p>
        </Note>
      )}
    </>
  );
}

const Note = ({ alarm = false, children }: { readonly alarm?: boolean; readonly children?: Child }) => (
  <div class={alarm ? "card note alarm" : "card note"}>{children}</div>
);

interface AbsentProps {
  readonly place: PagePlace;
  readonly project: ProjectName;
  readonly meant: readonly ProjectName[];
  readonly others: readonly OtherSearch[];
}

function Absent({ place, project, meant, others }: AbsentProps) {
  return (
    <Layout title={`No project ${project} · ${place.name}`} place={place} query={project}>
      <h1>No project {project}</h1>
      <p class="lead">Neither this index nor its upstreams have it. Is the name spelled right?</p>
      {meant.length > 0 && (
        <>
          <h2>Did you mean</h2>
          <ul class="plain">
            {meant.map((name) => (
              <li>
                <a href={`${place.at}project/${name}/`}>{name}</a>
              </li>
            ))}
          </ul>
        </>
      )}
      <SearchElsewhere place={place} query={project} others={others} />
    </Layout>
  );
}

function NoRelease({
  place,
  project,
  version,
}: {
  readonly place: PagePlace;
  readonly project: ProjectName;
  readonly version: string;
}) {
  return (
    <Layout title={`No ${project} ${version} · ${place.name}`} place={place}>
      <h1>
        No {project} {version}
      </h1>
      <p class="lead">
        This index has other versions: <a href={`${place.at}project/${project}/`}>{project}</a>.
      </p>
    </Layout>
  );
}
