/** What a page that is not stored costs an index with a policy, beside one without: CPU, since other work on the machine takes none of it. */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "../content/pages.ts";
import { cpuMeter } from "../harness/cpu.ts";
import { request } from "../harness/http.ts";
import { startProduct } from "../harness/product.ts";
import { figure, pairedDifference, spread, table } from "../harness/statistics.ts";

const WAYS = { open: "/regular/simple/", guarded: "/guarded/simple/" } as const;
type Way = keyof typeof WAYS;

/**
 * Asks for a page that nothing is stored of, in turns, each time of a server that was just started over an empty state.
 *
 * @param config has the index `guarded` beside `regular`
 * @param scratch a directory for what the servers store
 * @param warmUp a page that is asked for before, so that what a server loads at its first request is in no figure
 */
export async function coldGuardTable(
  upstream: URL,
  { config, scratch, rounds }: { readonly config: string; readonly scratch: string; readonly rounds: number },
  { page, warmUp }: { readonly page: Page; readonly warmUp: Page },
): Promise<string> {
  const samples: Record<Way, number[]> = { open: [], guarded: [] };
  for (let round = 0; round < rounds; round += 1) {
    const order = ["open", "guarded"] as const;
    for (const way of round % 2 === 0 ? order : order.toReversed()) {
      const state = join(mkdtempSync(join(scratch, "cold-")), "stored");
      const product = await startProduct(upstream, state, "node", undefined, ["--config", config]);
      try {
        const simple = new URL(WAYS[way], product.simple);
        await ask(new URL(`${warmUp.name}/`, simple));
        const meter = await cpuMeter(product.pid);
        samples[way].push(await meter.during(() => ask(new URL(`${page.name}/`, simple))));
      } finally {
        await product.stop();
      }
    }
  }
  return table(
    ["CPU, ms", "rounds", "without a policy", "with one", "with − without"],
    [
      [
        `a page of ${figure(page.files.length)} files, cold`,
        `${rounds}`,
        spread(samples.open),
        spread(samples.guarded),
        pairedDifference(samples.guarded, samples.open),
      ],
    ],
  );
}

async function ask(url: URL): Promise<void> {
  const { status } = await request(url, {
    Accept: "application/vnd.pypi.simple.v1+json",
    "Accept-Encoding": "gzip",
  });
  if (status !== 200) throw new Error(`${url.href} was answered with ${status}`);
}
