import { afterAll } from "vitest";
import { openFetch } from "../../../server/fetch/fetch.ts";
import { ask, fetchSuite } from "../suites/fetch.ts";

const fetcher = openFetch();
afterAll(() => fetcher.close());

fetchSuite((asked) => ask(fetcher.fetch, asked));
