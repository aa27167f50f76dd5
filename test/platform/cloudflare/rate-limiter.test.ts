import { env } from "cloudflare:workers";
import { rateLimiterSuite } from "../suites/rate-limiter.ts";

// Its limit, thousands a minute, is not reached here: that takes too long.
rateLimiterSuite(() => env.NEW_FROM_NETWORK);
