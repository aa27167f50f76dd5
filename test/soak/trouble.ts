import { setTimeout as sleep } from "node:timers/promises";
import { SECOND } from "../../worker/duration.ts";
import type { Random } from "../fuzz/random.ts";
import type { Subject } from "./subject.ts";
import type { Phase, Sky } from "./weather.ts";
import type { World } from "./world.ts";

/** Has the upstream's weather change as forecast. */
export async function changeWeather(sky: Sky, phases: readonly Phase[], isOver: () => boolean): Promise<void> {
  for (const { weather, lasts } of phases) {
    if (isOver()) break;
    sky.weather = weather;
    await sleep(lasts);
  }
  sky.weather = "calm";
}

/** Kills and stops the server now and then, and starts it again. Returns how often each. */
export async function disturb(world: World, random: Random, isOver: () => boolean) {
  const { subject } = world;
  const done = { kills: 0, stops: 0 };
  for (;;) {
    await sleep(8 * SECOND + random.below(14 * SECOND));
    if (isOver()) return done;
    if (random.oneIn(3)) {
      done.stops += 1;
      await stopCleanly(world);
    } else {
      done.kills += 1;
      await subject.kill();
    }
    await sleep(random.below(SECOND));
    await subject.start();
  }
}

/** SIGTERM ends the server with 0, and none of its processes is left. */
export async function stopCleanly(world: World): Promise<void> {
  const { subject } = world;
  const code = await subject.stop();
  if (code !== 0) world.fault("SIGTERM", "exit code 0", `${code}`);
  expectNoProcess(world, subject);
}

function expectNoProcess(world: World, subject: Subject): void {
  const left = subject.processes();
  if (left.length > 0) world.fault("SIGTERM", "no process is left", left.join(", "));
}
