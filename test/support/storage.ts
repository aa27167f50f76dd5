import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach } from "vitest";
import { unreadBodies } from "./whole.ts";
import { wasWritten } from "./written.ts";

const { TABLES } = env as Env & { TABLES: string };

async function isReady(): Promise<boolean> {
  const made = await env.DB.prepare(TABLES)
    .run()
    .catch(() => undefined);
  const [{ keys }, { objects }] = await Promise.all([env.PAGES.list({ limit: 1 }), env.FILES.list({ limit: 1 })]);
  return made !== undefined && keys.length === 0 && objects.length === 0;
}

let isEmpty = false;

// Storage is isolated for a file, not for a test: each test begins with nothing but the tables. Emptying it takes longer than
// many tests do, so it is emptied only where something was written.
beforeEach(async () => {
  if (isEmpty && !wasWritten()) return;
  // What a test has left in the middle of something the platform may pass over: it is there still.
  for (let tries = 0; !(await isReady()); tries++) {
    if (tries === 50) throw new Error("The storage of the test before cannot be emptied.");
    await scheduler.wait(tries);
    await reset();
  }
  wasWritten();
  isEmpty = true;
});
afterEach(async () => {
  if (wasWritten()) {
    isEmpty = false;
    await reset();
  }
  const unread = unreadBodies();
  if (unread > 0) throw new Error(`${unread} bodies of a store were neither read nor cancelled.`);
});
