import { Random } from "../../../fuzz/random.ts";
import { World, type Mutation } from "./world.ts";

/** Runs schedules of these seeds, until one has a violation. */
export async function firstViolation(from: number, to: number, mutation?: Mutation) {
  let [reads, queries] = [0, 0];
  for (let seed = from; seed < to; seed++) {
    const world = new World(new Random(seed), mutation);
    await world.run();
    reads += world.reads;
    queries += world.queries;
    if (world.violations.length > 0) return { violation: `seed ${seed}: ${world.violations[0]}`, reads, queries };
  }
  return { violation: undefined, reads, queries };
}
