import { env } from "cloudflare:workers";
import { databaseSuite } from "../suites/database.ts";

databaseSuite(async () => env.DB);
