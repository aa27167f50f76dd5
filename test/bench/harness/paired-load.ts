/**
 * Load in many turns that are so short that the machine, which goes up and down within seconds, is the same in those that go
 * together: 200 pairs, a minute, give a quotient to ± 0.01, where 45 pairs of a second by wrk gave ± 0.04.
 */
import { messageOf } from "../../../worker/errors.ts";
import { openConnections } from "./keep-alive.ts";
import type { Driver } from "./load.ts";

const TURN_MS = 150;
/** Four seconds of each. */
const DROPPED_TURNS = 27;
/** Six seconds of each a round. */
const TURNS_PER_ROUND = 40;

/** For what is answered quickly, with `Content-Length`. What a server does after its answers is in the turn that follows. */
export const pairedDriver: Driver = {
  turnsPerRound: TURNS_PER_ROUND,
  droppedTurns: DROPPED_TURNS,
  restMs: 0,
  async open(request) {
    const connections = await openConnections(request);
    const close = () => connections.forEach((connection) => connection.close());
    return {
      close,
      async turn() {
        const begun = performance.now();
        let requests = 0;
        try {
          await Promise.all(
            connections.map(async ({ ask }) => {
              while (performance.now() - begun < TURN_MS) {
                await ask();
                requests += 1;
              }
            }),
          );
        } catch (error) {
          close();
          return { requests, requestsPerSecond: 0, fault: messageOf(error) };
        }
        return { requests, requestsPerSecond: (requests * 1_000) / (performance.now() - begun), fault: undefined };
      },
    };
  },
};
