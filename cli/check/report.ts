import { messageOf } from "../../worker/errors.ts";
import { escaped } from "../../worker/pypi/shown.ts";

export type RowOutcome = "passed" | "failed" | "not tried";

/** What one try has shown. */
export interface CheckRow {
  readonly what: string;
  readonly expected: string;
  readonly seen: string;
  readonly outcome: RowOutcome;
}

/** A row as people read it. */
export const rowText = ({ outcome, what, expected, seen }: CheckRow) =>
  `${outcome.padEnd(9)}  ${what}\n           expected: ${expected}\n           seen:     ${seen}`;

/** Ends a try that the deployment has failed; the message says what was seen. */
export class NotAsExpected extends Error {}

/** Ends a try that cannot be made here; the message says why. */
export class CannotTry extends Error {}

/** Longer texts from a server are cut. Characters. */
const SHOWN = 120;

/** Text from a server, fit for a line. */
export const brief = (text: string) => escaped(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);

/** Throws `NotAsExpected` unless something is so. */
export function demand(isSo: boolean, seen: string): asserts isSo {
  if (!isSo) throw new NotAsExpected(seen);
}

/** The rows so far. */
export class Report {
  readonly rows: CheckRow[] = [];
  readonly #onRow: (row: CheckRow) => void;

  /** @param onRow called with each row as soon as it is there */
  constructor(onRow: (row: CheckRow) => void) {
    this.#onRow = onRow;
  }

  /**
   * Makes a try.
   *
   * @param trial resolves with what was seen, where it is as expected
   */
  async try(what: string, expected: string, trial: () => Promise<string>): Promise<void> {
    let row: CheckRow;
    try {
      row = { what, expected, seen: await trial(), outcome: "passed" };
    } catch (error) {
      const outcome = error instanceof CannotTry ? "not tried" : "failed";
      row = { what, expected, seen: messageOf(error), outcome };
    }
    this.rows.push(row);
    this.#onRow(row);
  }
}
