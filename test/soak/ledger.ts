import type { Wheel } from "../../cli/demo/wheel.ts";
import type { Random } from "../fuzz/random.ts";

/** Whether something that was asked for has been done: where no answer came, it is either. */
export type Certainty = "yes" | "no" | "unsure";

/** A file that was uploaded to the index `team`. */
export interface Upload {
  readonly project: string;
  readonly version: string;
  readonly filename: string;
  readonly sha256: string;
  readonly wheel: Wheel;
  published: Certainty;
  yanked: Certainty;
  deleted: Certainty;
  /** While a client changes it, nothing is known of it. */
  isBusy: boolean;
  /** Goes up with each change. */
  changes: number;
}

/** A token for reading `team`. */
export interface Token {
  readonly id: string;
  readonly text: string;
  /** When its revocation was confirmed (`performance.now()`). */
  revokedAt: number | undefined;
  isBusy: boolean;
}

/** What the server has confirmed. */
export class Ledger {
  readonly uploads: Upload[] = [];
  readonly tokens: Token[] = [];

  /** An upload that is published and that no client is changing; it is busy until `release`. */
  take(random: Random): Upload | undefined {
    const free = this.uploads.filter((each) => !each.isBusy && each.published === "yes" && each.deleted === "no");
    if (free.length === 0) return undefined;
    const upload = random.pick(free);
    upload.isBusy = true;
    return upload;
  }

  release(upload: Upload): void {
    upload.changes += 1;
    upload.isBusy = false;
  }
}
