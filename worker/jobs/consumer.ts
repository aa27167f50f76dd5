import type { Context } from "../repository/context.ts";
import type { Batch } from "../platform/queues.ts";
import type { MirroredSource } from "../repository/repository.ts";
import type { MirrorClock } from "../mirroring/pacer.ts";
import type { SourceMirror } from "../mirroring/ports.ts";
import type { DeadLetters } from "../repository/ports/maintenance.ts";
import type { Notices } from "../repository/ports/notices.ts";

/** What consumers work with. */
export interface ConsumerServices {
  /** The mirrored sources, by their keys. */
  readonly sources: ReadonlyMap<string, MirroredSource>;
  /** Their mirrors, by the same keys. */
  readonly mirrors: ReadonlyMap<string, SourceMirror>;
  readonly clock: MirrorClock;
  readonly letters: DeadLetters;
  readonly notices: Notices;
}

/** Processes a batch of one queue's messages: each is acknowledged or sent for another delivery. */
export type Consumer = (batch: Batch, services: ConsumerServices, ctx: Context) => Promise<void>;
