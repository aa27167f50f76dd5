import { minute } from "../../pypi/minute.ts";
import { Hono, type Context as HonoContext } from "hono";
import { cronRow } from "../../../schema/crons.ts";
import { DEFAULT } from "../../../schema/indexes.ts";
import { JOB_MEANINGS } from "../../../schema/jobs.ts";
import type { Authorize } from "../../http/access.ts";
import type { AppEnv } from "../../http/context.ts";
import { seeOther, type TakeForm } from "../../http/forms.ts";
import type { JobActions } from "../../http/job-actions.ts";
import type { SignedIn } from "../../http/signed-in.ts";
import type { DeadLetter, DeadLetters, Runs } from "../../repository/ports/maintenance.ts";
import { Form } from "../form.tsx";
import { Layout, pagePlace, sendHtml, type PagePlace } from "../layout.tsx";
import { counted } from "../../pypi/counted.ts";
import { Badge, Command, Scrolled } from "../parts.tsx";
import { problemPage } from "../problem-page.tsx";
import { OperateNav } from "./nav.tsx";

/** What the page needs. */
interface JobPageParts {
  readonly authorize: Authorize;
  readonly takeForm: TakeForm;
  readonly actions: JobActions;
  readonly letters: Pick<DeadLetters, "counts" | "oldest">;
  readonly runs: Pick<Runs, "all">;
  readonly overdue: (now: number) => Promise<readonly { readonly cron: string }[]>;
  /** The jobs that each cron starts. */
  readonly schedule: Readonly<Record<string, readonly string[]>>;
  /** The public address, where it is not the request's own; else empty. */
  readonly publicUrl: string;
}

const ROOT = { name: DEFAULT, base: "" };
const HERE = "/-/jobs";
const ADMIN = { scope: "admin", index: "*" } as const;

/** A move takes many runs, and a terminal that is watched. */
const BY_COMMAND_ALONE: ReadonlySet<string> = new Set(["move-out", "move-in"]);

/** These stand beside the dead letters. */
const OF_LETTERS: ReadonlySet<string> = new Set(["replay", "discard"]);

/** So many dead letters are shown, and so much of each. */
const LETTERS = 10;
const LETTER_TEXT = 200;

/** Runs jobs, and sends dead letters again or discards them; to be mounted at the server's root. */
export function jobPageRoutes(parts: JobPageParts): Hono<AppEnv> {
  const { authorize, takeForm, actions, letters, runs, overdue, publicUrl, schedule } = parts;
  const routes = new Hono<AppEnv>();

  routes.get(HERE, async (c: HonoContext<AppEnv>) => {
    const { principal } = await authorize(c, ADMIN);
    const { now } = c.get("ctx");
    const [counts, oldest, ran, late] = await Promise.all([
      letters.counts(),
      letters.oldest(LETTERS),
      runs.all(),
      overdue(now),
    ]);
    const lateCrons = new Set(late.map(({ cron }) => cron));
    const crons = Object.entries(schedule).map(([cron, jobs]): Cron => ({
      cron,
      jobs,
      ranAt: ran.get(cronRow(cron)),
      isLate: lateCrons.has(cron),
    }));
    const place = pagePlace(c, ROOT, publicUrl);
    const answer = await sendHtml(c, <JobsPage {...{ place, who: principal, counts, oldest, crons }} />);
    answer.headers.set("Cache-Control", "no-store");
    return answer;
  });

  routes.post(`${HERE}/:job`, takeForm(ADMIN), async (c) => {
    const job = c.req.param("job");
    const dryRun = c.get("fields").get("dry-run") === "true";
    const { did } = await actions.run(job, { dryRun }, c.get("author"), c.get("ctx"));
    return seeOther(c, HERE, `${job}${dryRun ? " (dry run)" : ""}: ${did.join(" ")}`);
  });

  routes.onError((error, c) => problemPage(c, error, { ...ROOT, publicUrl }));
  return routes;
}

interface Cron {
  readonly cron: string;
  readonly jobs: readonly string[];
  /** Milliseconds since the epoch; undefined: never. */
  readonly ranAt: number | undefined;
  readonly isLate: boolean;
}

interface JobsProps {
  readonly place: PagePlace;
  readonly who: SignedIn;
  readonly counts: ReadonlyMap<string, number>;
  readonly oldest: readonly DeadLetter[];
  readonly crons: readonly Cron[];
}

function JobsPage({ place, who, counts, oldest, crons }: JobsProps) {
  const named = Object.entries(JOB_MEANINGS).filter(([job]) => !BY_COMMAND_ALONE.has(job) && !OF_LETTERS.has(job));
  return (
    <Layout title="Jobs · pypi-edge" place={place}>
      <h1>Jobs</h1>
      <OperateNav place={place} here="jobs" who={who} />
      {!place.forms && (
        <p>
          <a href={`${place.up}-/sign-in?next=${HERE}`}>Sign in</a> to run jobs here.
        </p>
      )}
      <Letters place={place} counts={counts} oldest={oldest} />
      <h2 id="crons">What the clock starts</h2>
      <Scrolled by="crons">
        <table>
          <thead>
            <tr>
              <th scope="col">Cron</th>
              <th scope="col">Last (UTC)</th>
              <th scope="col">Jobs, in order</th>
            </tr>
          </thead>
          <tbody>
            {crons.map(({ cron, jobs, ranAt, isLate }) => (
              <tr>
                <th scope="row" class="day">
                  <code>{cron}</code>
                </th>
                <td class="day">
                  {ranAt === undefined ? "never here" : minute(new Date(ranAt).toISOString())}{" "}
                  {isLate && <Badge tone="bad">overdue</Badge>}
                </td>
                <td>{jobs.join(", ")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
      <h2 id="jobs">Run one now</h2>
      <ul class="plain jobs">
        {named.map(([job, meaning]) => (
          <li class="card">
            <div>
              <b>{job}</b> {meaning}
            </div>
            <Form place={place} to={`${HERE}/${job}`} label={job}>
              <label class="check">
                <input type="checkbox" name="dry-run" value="true" /> change nothing
              </label>
              <button>Run {job}</button>
            </Form>
          </li>
        ))}
      </ul>
      <h2>By command</h2>
      <Command text="pypi-edge jobs run sweep --dry-run" label="run a job" />
      <Command text="pypi-edge jobs run replay" label="send dead letters again" />
      <Command text="pypi-edge jobs run discard" label="discard dead letters" />
    </Layout>
  );
}

function Letters({ place, counts, oldest }: Pick<JobsProps, "place" | "counts" | "oldest">) {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return (
    <>
      <h2 id="letters">{counted(total, "dead letter")}</h2>
      <p class="soft">
        Messages of queues that failed at each delivery. They are kept until they are sent again or discarded.
      </p>
      {total > 0 && (
        <>
          <Scrolled by="letters">
            <table>
              <thead>
                <tr>
                  <th scope="col">Queue</th>
                  <th scope="col">Message, the oldest first</th>
                </tr>
              </thead>
              <tbody>
                {oldest.map(({ queue, body }) => (
                  <tr>
                    <th scope="row">{queue}</th>
                    <td class="name">
                      <code>{JSON.stringify(body).slice(0, LETTER_TEXT)}</code>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scrolled>
          <div class="actions">
            <Form place={place} to={`${HERE}/replay`}>
              <button class="main">Send {total === 1 ? "it" : `all ${total}`} again</button>
            </Form>
            {place.forms && (
              <details class="confirm">
                <summary>Discard</summary>
                <p class="small">What they asked for is not done until it is asked for again. That cannot be undone.</p>
                <Form place={place} to={`${HERE}/discard`}>
                  <button class="danger">Discard {total === 1 ? "it" : `all ${total}`}</button>
                </Form>
              </details>
            )}
          </div>
        </>
      )}
    </>
  );
}
