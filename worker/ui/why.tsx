import { Hono } from "hono";
import { raw } from "hono/html";
import { fixSentence } from "../../schema/held-fix.ts";
import { exemptionSentence, type ExplanationAnswer } from "../../schema/why.ts";
import { badRequest, IndexError } from "../errors.ts";
import type { AppEnv } from "../http/context.ts";
import { LIFETIMES, NOTHING_LOADED } from "../http/headers.ts";
import { parseProjectName } from "../pypi/name.ts";
import { isVersion } from "../pypi/version.ts";
import type { Explain, ShownAdvisory } from "../repository/explanation.ts";
import { STYLE } from "./style.ts";

/**
 * What the policy of an index says of a project's files, or of a release's, to be mounted at `{base}/-/why`: a page for
 * browsers, JSON for others. It names files that the index refuses, to those who may read the index.
 */
export function whyRoutes(index: string, explain: Explain): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get("/:project/:version?", async (c) => {
    const project = parseProjectName(c.req.param("project"));
    const version = c.req.param("version");
    if (version !== undefined && !isVersion(version)) {
      throw badRequest(`${JSON.stringify(version.slice(0, 80))} is not a version (PEP 440).`);
    }
    const files = await explain(project, version, c.get("ctx"));
    if (!files) throw new IndexError("project-not-found", `There is no project ${project} in this index.`);
    const answer: ExplanationAnswer = {
      index,
      project,
      version,
      files: files.map(({ filename, version: own, isHosted, uploadedAt, kept, verdict, rules, fixes }) => ({
        filename,
        version: own,
        hosted: isHosted,
        uploadTime: iso(uploadedAt),
        upstream: kept,
        verdict,
        rules: rules.map(({ advisory, exempted, ...each }) => ({
          ...each,
          until: iso(each.until),
          advisory: advisory && shownAdvisory(advisory),
          exempted: exempted && { ...exempted, until: iso(exempted.until) },
        })),
        fixes: fixes && { ...fixes, advisories: fixes.advisories.map(shownAdvisory) },
      })),
    };
    if (!/\btext\/html\b/.test(c.req.header("Accept") ?? "")) return c.json(answer, 200, LIFETIMES.live);
    c.header("Cache-Control", LIFETIMES.live["Cache-Control"]);
    c.header("Content-Security-Policy", `${NOTHING_LOADED}; style-src 'unsafe-inline'`);
    return c.html(<Why {...answer} />);
  });
  return routes;
}

/** What an upstream has done since with a file that stays. */
const UPSTREAM = {
  removed: "kept: its upstream no longer lists it",
  changed: "kept: its upstream has other bytes under this name",
} as const;

const shownAdvisory = (advisory: ShownAdvisory) => ({ ...advisory, aliases: [...advisory.aliases] });

const iso = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString());

function Why({ index, project, version, files }: ExplanationAnswer) {
  const title = `${project}${version === undefined ? "" : ` ${version}`} in ${index}`;
  return (
    <>
      {raw("<!DOCTYPE html>")}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>{title}</title>
          <style>{raw(STYLE)}</style>
        </head>
        <body>
          <main>
            <h1>{title}</h1>
            <p class="lead">
              What the policy of this index says of {files.length === 1 ? "1 file" : `${files.length} files`}.
            </p>
            {files.toReversed().map((file) => (
              <section>
                <h2>{file.filename}</h2>
                <p>
                  {file.verdict}
                  {file.hosted
                    ? ", hosted here"
                    : `, uploaded ${file.uploadTime ?? "at a time that its upstream does not say"}`}
                  {file.upstream && `, and ${UPSTREAM[file.upstream]}`}
                </p>
                {file.fixes && (
                  <p>
                    <b>a fix</b>: {fixSentence(file.fixes)}
                  </p>
                )}
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
          </main>
        </body>
      </html>
    </>
  );
}
