import type { Random } from "../../fuzz/random.ts";
import { ADMIN, type World } from "../world.ts";

const JOBS = ["feed", "refresh", "forget", "sweep", "clean", "replay"];

/** Asks for what monitoring and people ask for. */
export async function watch(world: World, random: Random): Promise<void> {
  await random.pick([
    async () => world.expect(await world.ask("/-/health"), [200]),
    async () => world.expect(await world.ask("/-/metrics", { headers: ADMIN }), [200]),
    async () => world.expect(await world.ask("/"), [200]),
    async () => world.expect(await world.ask("/-/api/tokens", { headers: ADMIN }), [200]),
    async () => world.expect(await world.ask("/-/api/audit?limit=50", { headers: ADMIN }), [200]),
  ])();
}

/** Runs one of the jobs that a clock starts. */
export async function runSomeJob(world: World, random: Random): Promise<void> {
  await runJob(world, random.pick(JOBS));
}

/** Runs a job; it says in its answer what it could not do. */
export async function runJob(world: World, name: string): Promise<string> {
  const heard = await world.ask(`/-/api/jobs/${name}`, { method: "POST", headers: ADMIN });
  return world.expect(heard, [200]) ? heard.body.toString() : "";
}

/** A new release upstream. */
export async function publish(world: World): Promise<void> {
  world.sky.published = Math.min(world.sky.published + 1, world.content.later.length);
}
