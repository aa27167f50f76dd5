import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll } from "vitest";
import { ask, fetchSuite, type Seen } from "../suites/fetch.ts";

const SCRIPT = `
  const ask = ${ask.toString()};
  export default {
    fetch: async (request) => Response.json(await ask((...args) => fetch(...args), await request.json())),
  };`;

let miniflare: Miniflare;
beforeAll(() => {
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      cf: false,
      workers: [
        {
          name: "asking",
          compatibilityDate: "2026-10-01",
          modules: [{ type: "ESModule", path: "index.js", contents: SCRIPT }],
        },
      ],
    }),
  );
});
afterAll(() => miniflare.dispose());

fetchSuite(async (asked) => {
  const response = await miniflare.dispatchFetch("http://asking/", { method: "POST", body: JSON.stringify(asked) });
  return (await response.json()) as Seen;
});
