import type { Miniflare } from "miniflare";
import { afterAll, beforeAll } from "vitest";
import { startMiniflare } from "../../support/node/miniflare.ts";
import { ask, fetchSuite, type Seen } from "../suites/fetch.ts";

const SCRIPT = `
  const ask = ${ask.toString()};
  export default {
    fetch: async (request) => Response.json(await ask((...args) => fetch(...args), await request.json())),
  };`;

let miniflare: Miniflare;
beforeAll(async () => {
  miniflare = await startMiniflare(SCRIPT);
});
afterAll(() => miniflare.dispose());

fetchSuite(async (asked) => {
  const response = await miniflare.dispatchFetch("http://asking/", { method: "POST", body: JSON.stringify(asked) });
  return (await response.json()) as Seen;
});
