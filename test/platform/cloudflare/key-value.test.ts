import { env } from "cloudflare:workers";
import { keyValueSuite } from "../suites/key-value.ts";

keyValueSuite(async () => env.PAGES);
