import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { HOUR } from "../../worker/duration.ts";
import { ADMIN_TOKEN, Rig } from "../support/rig.ts";
import { hiddenFields, sendForm, signIn } from "../support/signed-in.ts";
import { bearer, give } from "../support/tokens.ts";

const HERE = "/-/jobs";
const LETTER = "INSERT INTO dead_letter (id, queue, body, died_at) VALUES (?1, 'pypi-edge-refreshes', ?2, ?3)";

let rig: Rig;
let session: Record<string, string>;
beforeEach(async () => {
  rig = new Rig();
  ({ session } = await signIn(rig));
});

const page = async (query = "", headers = session) => (await rig.get(HERE + query, headers)).text();
const letter = (id: string, body: unknown, diedAt = rig.now) =>
  env.DB.prepare(LETTER).bind(id, JSON.stringify(body), diedAt).run();
const letters = () => env.DB.prepare("SELECT count(*) AS n FROM dead_letter").first<number>("n");
const audited = async () => {
  const { results } = await env.DB.prepare("SELECT action, subject, actor FROM audit ORDER BY id").all();
  return results.map((row) => Object.values(row).join(" "));
};

/** Sends the form of a job, and gives what the page says then. */
async function run(job: string, more: Record<string, string> = {}, headers: Record<string, string> = {}) {
  const fields = { ...hiddenFields(await page(), `../-/jobs/${job}`), ...more };
  const { status, headers: answer } = await sendForm(rig, `${HERE}/${job}`, fields, { ...session, ...headers });
  if (status !== 303) return [status];
  const next = new URL(answer.get("Location") ?? "", `https://edge.test${HERE}/${job}`);
  return [status, /role="status">([^<]*)/.exec(await page(next.search))?.[1]];
}

test("dead letters are shown, sent again, and discarded, each audited", async () => {
  await letter("a", { source: "x", projects: ["<demo>"], cause: "popular" });
  const shown = await page();
  expect(shown).toMatch(/1 dead letter<[^]*refreshes[^]*&lt;demo&gt;[^]*Send it again/);
  expect(await run("replay")).toEqual([303, "replay: 1 message was sent to the queue refreshes again."]);
  expect([rig.refreshes.messages.length, await letters()]).toEqual([1, 0]);
  await letter("b", {});
  await letter("c", {}, rig.now + HOUR);
  expect(await run("discard")).toEqual([303, "discard: 2 messages of the queue refreshes were discarded."]);
  // One that died while the page was looked at stays.
  expect(await letters()).toBe(1);
  expect(await audited()).toEqual(["job.run replay admin", "job.run discard admin"]);
});

test("a job is run, or says what it would do; crons have their last run", async () => {
  expect(await run("figures")).toEqual([303, expect.stringMatching(/^figures: /)]);
  expect(await run("sweep", { "dry-run": "true" })).toEqual([
    303,
    expect.stringContaining("sweep (dry run): 0 objects"),
  ]);
  expect(await audited()).toEqual(["job.run figures admin"]);
  await rig.tick("0 * * * *");
  rig.wait(3 * HOUR);
  expect(await page()).toMatch(/0 \* \* \* \*<[^]*2026-11-22 12:00[^]*overdue[^]*forget, sweep/);
  expect(await page()).not.toContain('action="../-/jobs/move-in"');
});

test("a form does nothing from elsewhere, for who lacks the right, or twice", async () => {
  await letter("a", {});
  for (const site of ["cross-site", "same-site", "none"]) {
    expect(await run("discard", {}, { "Sec-Fetch-Site": site })).toEqual([403]);
  }
  const one = await signIn(rig, (await give(rig, { scopes: ["admin"], index: "default" })).text);
  expect(await run("discard", {}, one.session)).toEqual([403]);
  expect((await rig.get(HERE, one.session)).status).toBe(403);
  expect((await rig.get(HERE)).status).toBe(401);
  expect(await letters()).toBe(1);
  const fields = hiddenFields(await page(), "../-/jobs/discard");
  const sent = await Promise.all([1, 2].map(() => sendForm(rig, `${HERE}/discard`, fields, session)));
  expect(sent.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([303, 409]);
  expect(await page("", bearer(ADMIN_TOKEN))).not.toMatch(/method="post"/);
});
