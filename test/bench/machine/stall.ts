/** How long a server lets others wait while it fetches and reads a large page: its longest answer to a small request. */
import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "../content/pages.ts";
import { request } from "../harness/http.ts";
import { filesOn } from "./warm.ts";

const EVERY_MS = 5;
/** A runtime compiles what it is asked often. */
const WARM_UP_MS = 1_500;
const IDLE_MS = 1_500;
/** The page is stored behind its answer. */
const AFTERWARDS_MS = 500;

/** All in milliseconds. */
export interface Stall {
  /** The longest answer while nothing else is asked. */
  readonly idle: number;
  readonly fetching: number;
  /** How long the client of the page waits. */
  readonly page: number;
}

/** The server must not have the page yet; throws where it answers with another one. */
export async function measureStall(simple: URL, page: Page): Promise<Stall> {
  const health = new URL("/-/health", simple);
  await longestAnswer(health, () => sleep(WARM_UP_MS));
  const idle = await longestAnswer(health, () => sleep(IDLE_MS));
  let waited = 0;
  const fetching = await longestAnswer(health, async () => {
    const headers = { Accept: "application/vnd.pypi.simple.v1+json", "Accept-Encoding": "gzip" };
    const begun = performance.now();
    const answer = await request(new URL(`${page.name}/`, simple), headers);
    waited = performance.now() - begun;
    await sleep(AFTERWARDS_MS);
    if (filesOn(answer) !== page.files.length) throw new Error(`another page of ${page.name}: status ${answer.status}`);
  });
  return { idle, fetching, page: waited };
}

/** Asks every few milliseconds, whether or not the last question is answered, while `act` runs. */
async function longestAnswer(url: URL, act: () => Promise<unknown>): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const answers: Promise<number | undefined>[] = [];
  const timer = setInterval(() => answers.push(answerTime(url, agent)), EVERY_MS);
  try {
    await act();
    clearInterval(timer);
    const times = await Promise.all(answers);
    const known = times.filter((time) => time !== undefined);
    if (known.length < times.length) throw new Error(`${times.length - known.length} questions were not answered`);
    return Math.max(...known);
  } finally {
    clearInterval(timer);
    agent.destroy();
  }
}

/** Undefined where there is no answer with status 200. */
function answerTime(url: URL, agent: Agent): Promise<number | undefined> {
  return new Promise((resolve) => {
    const begun = performance.now();
    get(url.href, { agent }, (incoming) => {
      incoming.resume();
      incoming.on("error", () => resolve(undefined));
      incoming.on("end", () => resolve(incoming.statusCode === 200 ? performance.now() - begun : undefined));
    }).on("error", () => resolve(undefined));
  });
}
