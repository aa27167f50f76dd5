import type { Moving } from "../../../schema/moving.ts";
import { moveIn } from "./move-in.ts";
import { moveOut, type MovedStores } from "./move-out.ts";
import { bucketPlace } from "./place.ts";

/**
 * Moves a deployment out of its bucket's move folder, or into it.
 *
 * @param now milliseconds
 */
export function movingIn(deployment: MovedStores, now: () => number): Moving {
  const place = bucketPlace(deployment.objects);
  const within = (time: number) => {
    const end = now() + time;
    return () => now() < end;
  };
  return {
    out: (time) => moveOut(deployment, place, within(time), now),
    in: (time) => moveIn(deployment, place, within(time)),
  };
}
