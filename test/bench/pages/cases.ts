/** What a page costs pypi-edge, from the first time it is asked for to the thousandth. */
import type { Page } from "../content/pages.ts";
import { cpuMeter } from "../harness/cpu.ts";
import { type Answer, type Headers, decoded, request } from "../harness/http.ts";
import type { Product } from "../harness/product.ts";

const JSON_PLAIN: Headers = { Accept: "application/vnd.pypi.simple.v1+json" };
const JSON_GZIP: Headers = { ...JSON_PLAIN, "Accept-Encoding": "gzip" };
const HTML_GZIP: Headers = { Accept: "text/html", "Accept-Encoding": "gzip" };

export interface Plan {
  /** How many names a page has: what happens once a name is measured so often. */
  readonly copies: number;
  readonly rounds: number;
  /** Requests of a round, one after another. */
  readonly requests: number;
}

/** Milliseconds of CPU, one figure a sample. */
export type Samples = readonly number[];

export interface PageCosts {
  /** Fetched, parsed and served, and stored behind that. */
  readonly cold: Samples;
  readonly htmlFirst: Samples;
  readonly htmlAgain: Samples;
  readonly json: Samples;
  readonly jsonPlain: Samples;
  /** Bytes of the gzipped answers. */
  readonly sizes: { readonly json: number; readonly html: number };
}

/** Measures one page; throws where an answer is not that page, or does not come from where it should. */
export async function pageCosts(page: Page, { pid, simple }: Product, plan: Plan): Promise<PageCosts> {
  const meter = await cpuMeter(pid);
  const files = page.files.length;
  const costs = { cold: [], htmlFirst: [], htmlAgain: [], json: [], jsonPlain: [] } as Record<
    Exclude<keyof PageCosts, "sizes">,
    number[]
  >;
  const once = async (url: URL, headers: Headers, status: RegExp, samples: number[]): Promise<number> => {
    let answer: Answer | undefined;
    samples.push(await meter.during(async () => (answer = await request(url, headers))));
    return check(answer, files, status);
  };
  const repeatedly = async (url: URL, headers: Headers, samples: number[]): Promise<void> => {
    const cost = await meter.during(async () => {
      for (let sent = 0; sent < plan.requests; sent++) await request(url, headers);
    });
    samples.push(cost / plan.requests);
    check(await request(url, headers), files, WARM);
  };

  const sizes = { json: 0, html: 0 };
  for (let copy = 0; copy < plan.copies; copy++) {
    const url = new URL(`${page.name}-copy-${copy}/`, simple);
    sizes.json = await once(url, JSON_GZIP, COLD, costs.cold);
    sizes.html = await once(url, HTML_GZIP, WARM, costs.htmlFirst);
  }
  const url = new URL(`${page.name}-copy-0/`, simple);
  for (let round = 0; round < plan.rounds; round++) {
    await repeatedly(url, HTML_GZIP, costs.htmlAgain);
    await repeatedly(url, JSON_GZIP, costs.json);
    await repeatedly(url, JSON_PLAIN, costs.jsonPlain);
  }
  return { ...costs, sizes };
}

/** What Cache-Status says. */
const COLD = /fwd=miss/;
const WARM = /hit; detail=(?:kv|memory)/;

/** The size of an answer as it travelled. */
function check(answer: Answer | undefined, files: number, status: RegExp): number {
  if (answer?.status !== 200) throw new Error(`status ${answer?.status}`);
  const from = String(answer.headers["cache-status"]);
  if (!status.test(from)) throw new Error(`the answer came from elsewhere: ${from}`);
  const text = decoded(answer).toString("utf8");
  const isJson = answer.headers["content-type"]?.includes("json") === true;
  const found = text.match(isJson ? /"filename":/g : /<a /g)?.length ?? 0;
  if (found !== files) throw new Error(`${found} files instead of ${files}`);
  return answer.body.length;
}
