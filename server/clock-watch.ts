import { SECOND } from "../worker/duration.ts";

/** How often it looks. Milliseconds. */
const EVERY = 5 * SECOND;

/** Smaller steps do no harm: nothing lives longer by more than this. Milliseconds. */
const TOLERATED = 30 * SECOND;

interface Clocks {
  /** The clock that can be set: milliseconds since the epoch. */
  readonly wall?: () => number;
  /** One that only goes forward, in milliseconds. */
  readonly steady?: () => number;
}

/**
 * Notices when the clock is set back: what is to be used until some time would then be used for longer.
 *
 * @param wasSetBack called within seconds
 * @returns ends it
 */
export function watchClock(
  wasSetBack: () => void,
  { wall = () => Date.now(), steady = () => performance.now() }: Clocks = {},
): () => void {
  let difference = wall() - steady();
  const timer = setInterval(() => {
    const now = wall() - steady();
    const step = now - difference;
    difference = now;
    if (step < -TOLERATED) wasSetBack();
  }, EVERY);
  timer.unref();
  return () => clearInterval(timer);
}
