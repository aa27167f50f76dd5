import { Hono } from "hono";
import { fixSentence } from "../../schema/held-fix.ts";
import { exemptionSentence, provenanceSentence, undecidedSentence, type ExplanationAnswer } from "../../schema/why.ts";
import { IndexError } from "../errors.ts";
import type { AppEnv } from "../http/context.ts";
import { LIFETIMES } from "../http/headers.ts";
import { counted } from "../pypi/counted.ts";
import type { ProjectName } from "../pypi/name.ts";
import { shownPublisher, shownSigning } from "../pypi/shown-provenance.ts";
import type { Explain, ExplainedFile, ExplainedProvenance, ShownAdvisory } from "../repository/explanation.ts";
import type { KnownBuilders, KnownVerdict } from "../repository/ports/provenance.ts";
import { askedRelease } from "./asked-release.ts";
import { Layout, pagePlace, sendHtml, type PagePlace } from "./layout.tsx";
import { Badge } from "./parts.tsx";
import { problemAnywhere } from "./problem-page.tsx";

/** What the page needs of an index. */
interface WhyIndex extends Pick<PagePlace, "name" | "base"> {
  /** The keys of its sources. */
  readonly sources: readonly string[];
  readonly builders: KnownBuilders;
  /** The public address, where it is not the request's own; else empty. */
  readonly publicUrl: string;
}

/** How verdicts look. */
const TONES = { admitted: "good", marked: "warn", refused: "bad" } as const;

/**
 * What the policy of an index says of a project's files, or of a release's, to be mounted at `{base}/-/why`: a page for
 * browsers, JSON for others. It names files that the index refuses, to those who may read the index.
 */
export function whyRoutes(of: WhyIndex, explain: Explain): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/:project/:version?", async (c) => {
    const { project, version } = askedRelease(c.req.param());
    const files = await explain(project, version, c.get("ctx"));
    if (!files) throw new IndexError("project-not-found", `There is no project ${project} in this index.`);
    if (version !== undefined && files.length === 0) throw noRelease(project, version);
    const verdicts = await verdictsOn(of, files, project);
    const answer: ExplanationAnswer = {
      index: of.name,
      project,
      version,
      files: files.map(
        ({ filename, version: own, isHosted, uploadedAt, kept, verdict, provenance, rules, undecided, fixes }) => ({
          filename,
          version: own,
          hosted: isHosted,
          uploadTime: iso(uploadedAt),
          upstream: kept,
          verdict,
          provenance: provenance && { ...shownProvenance(provenance), ...signing(verdicts.get(filename)) },
          rules: rules.map(({ advisory, exempted, ...each }) => ({
            ...each,
            until: iso(each.until),
            advisory: advisory && shownAdvisory(advisory),
            exempted: exempted && { ...exempted, until: iso(exempted.until) },
          })),
          undecided: undecided.length === 0 ? undefined : undecided.map(shownAdvisory),
          fixes: fixes && { ...fixes, advisories: fixes.advisories.map(shownAdvisory) },
        }),
      ),
    };
    if (!/\btext\/html\b/.test(c.req.header("Accept") ?? "")) return c.json(answer, 200, LIFETIMES.live);
    return sendHtml(c, <Why place={pagePlace(c, of, of.publicUrl)} {...answer} />);
  });
  routes.onError((error, c) => {
    const isPage = /\btext\/html\b/.test(c.req.header("Accept") ?? "");
    if (!isPage || !(error instanceof IndexError) || error.kind !== "project-blocked") {
      return problemAnywhere(c, error, of.publicUrl);
    }
    const title = `${c.req.param("project") ?? "A project"} in ${of.name}`;
    return sendHtml(
      c,
      <Layout title={title} place={pagePlace(c, of, of.publicUrl)}>
        <h1>{title}</h1>
        <p class="lead">The policy of this index refuses every file of the project by its name.</p>
        <p class="card note alarm">
          {error.message} {error.writtenIn} Exemptions do not lift it: whoever administers {of.name} takes the rule
          away.
        </p>
      </Layout>,
      451,
    );
  });
  return routes;
}

const noRelease = (project: ProjectName, version: string) =>
  new IndexError(
    "file-not-found",
    `There is no version ${version} of ${project} in this index: without a version, all files that it has are explained.`,
  );

/** The same for an index without a policy, which has nothing to say but that. */
export function nothingToExplain(index: string): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/:project/:version?", () => {
    throw new IndexError("no-such-route", `Index ${index} has no policy, so that it refuses nothing.`);
  });
  return routes;
}

/** What an upstream has done since with a file that stays. */
const UPSTREAM = {
  removed: "kept: its upstream no longer lists it",
  changed: "kept: its upstream has other bytes under this name",
} as const;

/** What is known beside what the page says; nothing where the database does not answer. */
async function verdictsOn(
  { sources, builders }: WhyIndex,
  files: readonly ExplainedFile[],
  project: ProjectName,
): Promise<ReadonlyMap<string, KnownVerdict>> {
  const isVerified = files.some(({ provenance }) => provenance?.state === "verified");
  return isVerified ? builders.of(sources, project).catch(() => new Map()) : new Map();
}

const signing = (known: KnownVerdict | undefined) =>
  known?.verdict.state === "verified" ? shownSigning(known.verdict) : {};

const shownProvenance = (provenance: ExplainedProvenance) =>
  provenance.state === "verified" ? { state: provenance.state, ...shownPublisher(provenance.publisher) } : provenance;

const shownAdvisory = (advisory: ShownAdvisory) => ({ ...advisory, aliases: [...advisory.aliases] });

const iso = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString());

function Why({ place, index, project, version, files }: ExplanationAnswer & { readonly place: PagePlace }) {
  const title = `${project}${version === undefined ? "" : ` ${version}`} in ${index}`;
  return (
    <Layout title={title} place={place}>
      <h1>{title}</h1>
      <p class="lead">What the policy of this index says of {counted(files.length, "file")}.</p>
      {files.toReversed().map((file) => (
        <section class="card">
          <h2 class="name">{file.filename}</h2>
          <p>
            <Badge tone={TONES[file.verdict]}>{file.verdict}</Badge>
            {file.hosted
              ? ", hosted here"
              : `, uploaded ${file.uploadTime ?? "at a time that its upstream does not say"}`}
            {file.upstream && `, and ${UPSTREAM[file.upstream]}`}
          </p>
          {file.provenance && (
            <p>
              {file.provenance.state === "verified" && <Badge tone="good">verified</Badge>}{" "}
              {provenanceSentence(file.provenance)}{" "}
              {file.provenance.url !== undefined && <a href={file.provenance.url}>{file.provenance.url}</a>}{" "}
              {file.provenance.commitUrl !== undefined && <a href={file.provenance.commitUrl}>the commit</a>}{" "}
              {file.provenance.run?.startsWith("https://") && <a href={file.provenance.run}>the run</a>}
            </p>
          )}
          {file.fixes && (
            <p>
              <b>a fix</b>: {fixSentence(file.fixes)}
            </p>
          )}
          {file.undecided && <p>{undecidedSentence(file.undecided)}</p>}
          {file.rules.map(({ rule, mode, sentence, advisory, exempted }) => (
            <p>
              <b>
                {rule} ({mode})
              </b>
              : {sentence} {exempted && exemptionSentence(exempted)}
              {advisory && (
                <>
                  {" "}
                  <a href={advisory.url}>{[advisory.id, ...advisory.aliases].join(", ")}</a>
                </>
              )}
            </p>
          ))}
        </section>
      ))}
    </Layout>
  );
}
