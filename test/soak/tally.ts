import type { Answer } from "./ask.ts";

/** An answer that no state of the upstream and no stop of the server explains. */
export interface Violation {
  readonly request: string;
  readonly expected: string;
  readonly found: string;
  /** Seconds from the beginning. */
  readonly at: number;
  readonly weather: string;
}

/** Counts what was asked and answered, and has the violations. */
export class Tally {
  readonly violations: Violation[] = [];
  readonly #counts = new Map<string, number>();
  #requests = 0;

  get requests(): number {
    return this.#requests;
  }

  /** @param by the program in front of the server where the answer is its own */
  count({ end, status }: Pick<Answer, "end" | "status">, by?: "nginx"): void {
    this.#requests += 1;
    const said = by === undefined ? `${status}` : `${status} of ${by}`;
    const kind = end === "whole" ? said : end;
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }

  /** How many answers there were of each kind, such as `200: 12, broken: 1`. */
  kinds(): string {
    const sorted = [...this.#counts].toSorted(([one], [other]) => (one < other ? -1 : 1));
    return sorted.map(([kind, count]) => `${kind}: ${count}`).join(", ");
  }
}
