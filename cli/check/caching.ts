import { headerOf, type Answer, type CheckClient } from "./client.ts";
import { JSON_GZIP } from "./page.ts";
import type { Found, ToRead } from "./reading.ts";
import { CannotTry, demand, brief } from "./report.ts";

/** Requests for one file at the same time. */
const AT_ONCE = 8;

/** How often an answer is asked for until Cloudflare has it: its machines in one place do not all share at once. */
const TRIES = 4;

const isFromCloudflare = (answer: Answer) => headerOf(answer, "cf-ray") !== "";

/** What only Cloudflare's cache can show: hits, their age, and one run of the worker for requests at the same time. */
export async function tryCaching({ client, report, page: path }: ToRead, { page, files }: Found): Promise<void> {
  const smallest = files.toSorted((a, b) => a.size - b.size)[0];
  for (const [what, asked, headers] of [
    ["a page from Cloudflare's cache", page && path, JSON_GZIP],
    ["a file from Cloudflare's cache", smallest?.path, {}],
  ] as const) {
    await report.try(what, "a hit with its Age; for readers of a private index, none", async () => {
      if (asked === undefined) throw new CannotTry("there is none to ask for");
      return hitOn(client, asked, headers);
    });
  }

  await report.try(
    `${AT_ONCE} requests at once for a file`,
    "all bytes for each, by one run of the worker a data centre",
    async () => {
      // The oldest is the least likely to be in a cache already.
      const file = files.find(({ path: other }) => other !== smallest?.path);
      if (!file) throw new CannotTry("the page has no second file");
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => client.ask(file.path)));
      const whole = answers.filter(({ status, body }) => status === 200 && body.byteLength === file.size);
      demand(whole.length === AT_ONCE, `${whole.length} of ${AT_ONCE} have all ${file.size} bytes`);
      const [first] = answers;
      if (!first || !isFromCloudflare(first)) throw new CannotTry("no Cloudflare is in front; all bytes were right");
      if (!isShared(first)) throw new CannotTry("this index needs a token or hosts packages; all bytes were right");
      const statuses = answers.map((answer) => headerOf(answer, "cf-cache-status"));
      if (statuses.every((status) => status === "HIT"))
        throw new CannotTry("the file was in the cache already; name another --project");
      const runs = new Set(answers.map((answer) => headerOf(answer, "x-request-id"))).size;
      const places = new Set(answers.map((answer) => headerOf(answer, "cf-ray").split("-")[1])).size;
      demand(runs <= places, `${runs} runs in ${places} data centres (${brief(statuses.join(", "))})`);
      return `${runs} runs in ${places} data centres`;
    },
  );
}

/** Whether caches may give the answer to others. */
const isShared = (answer: Answer) => /\bpublic\b/.test(headerOf(answer, "cache-control")) && !isRevalidated(answer);

const isRevalidated = (answer: Answer) => /\bno-cache\b|\bno-store\b/.test(headerOf(answer, "cache-control"));

async function hitOn(client: CheckClient, path: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const said: string[] = [];
  for (let tries = 0; tries < TRIES; tries++) {
    const answer = await client.ask(path, { headers });
    demand(answer.status === 200, String(answer.status));
    if (!isFromCloudflare(answer)) throw new CannotTry("no Cloudflare is in front: the answers have no CF-Ray");
    const status = headerOf(answer, "cf-cache-status") || "no CF-Cache-Status";
    said.push(status);
    const isHit = ["HIT", "UPDATING", "REVALIDATED", "STALE"].includes(status);
    if (!isShared(answer)) {
      demand(!isHit, `${brief(status)}, though its Cache-Control is ${brief(headerOf(answer, "cache-control"))}`);
      continue;
    }
    if (isHit) return `${brief(said.join(", "))}; Age: ${brief(headerOf(answer, "age")) || "none"}`;
  }
  const last = said.join(", ");
  demand(!said.some((status) => status === "MISS" || status === "EXPIRED"), `${brief(last)}: nothing is kept`);
  return `${brief(last)}: no shared cache keeps it`;
}
