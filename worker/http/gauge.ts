import type { Count } from "../repository/ports/counters.ts";

/** One value of a metric. */
export type Sample = Pick<Count, "labels" | "value">;

/** A metric that is measured on request; its name follows Prometheus' conventions. */
export interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}
