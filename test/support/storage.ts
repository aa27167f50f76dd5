import { reset, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach } from "vitest";

const { MIGRATIONS } = env as Env & { MIGRATIONS: D1Migration[] };
const STATEMENTS = MIGRATIONS.flatMap(({ queries }) => queries);

/** One batch makes the tables in less than half the time of `applyD1Migrations`, which also notes what it has done. */
const makeTables = () => env.DB.batch(STATEMENTS.map((sql) => env.DB.prepare(sql)));

// Storage is isolated for a file, not for a test: each test begins with nothing but the tables.
beforeEach(async () => {
  // What a test has left in the middle of something the platform may pass over: the tables are then there still.
  await makeTables().catch(async () => {
    await reset();
    await makeTables();
  });
});
afterEach(() => reset());
