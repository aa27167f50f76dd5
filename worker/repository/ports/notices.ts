import type { ProjectName } from "../../pypi/name.ts";

/** What receivers are told of. */
export interface Notice {
  /** The same whenever the same thing is told. */
  readonly id: string;
  readonly event: string;
  /** ISO 8601. */
  readonly at: string;
  /** `*`: of all indexes. */
  readonly index: string;
  /** Empty where it is of no project. */
  readonly project: string;
  /** A filename, a version, or what an exemption is for. */
  readonly subject: string;
  readonly details: unknown;
}

/** What is to be told that is no entry of the audit log. `key`: the same key is told once. */
export interface NewNotice extends Omit<Notice, "id" | "at"> {
  readonly key: string;
}

/** What is to be told, and how far that is. Times are milliseconds since the epoch. */
export interface NoticeStore {
  /** Adds what was not added before. */
  add(notices: readonly NewNotice[], now: number): Promise<void>;
  /** Exemptions that have ended since `after`. */
  endedExemptions(after: number, now: number): Promise<NewNotice[]>;
  /** The next notices, oldest first. The first call ever begins at the end: what was before is not told. */
  next(now: number): Promise<NextNotices>;
}

export interface NextNotices {
  readonly notices: readonly Notice[];
  /** Whether there may be more behind them. */
  readonly hasMore: boolean;
  /** Moves the position behind these notices; another run that has moved it meanwhile has told them, too. */
  done(): Promise<void>;
}

/** A receiver, and how it is reached. */
export interface Receiver {
  /** Its address, by which messages name it. It may be a secret: logs have `host`. */
  readonly url: string;
  readonly host: string;
  readonly wants: (event: string) => boolean;
  /**
   * Sends a signed request.
   *
   * @param now milliseconds since the epoch, which the signature contains
   * @returns undefined where the receiver took it, or why it did not, without its address
   */
  send(notice: Notice, now: number): Promise<string | undefined>;
}

/** The queue whose consumer sends notices. */
export interface NoticeQueue {
  send(messages: readonly { readonly url: string; readonly notice: Notice }[]): Promise<void>;
}

/** All that telling receivers needs. */
export interface Notices {
  readonly receivers: readonly Receiver[];
  readonly store: NoticeStore;
  readonly queue: NoticeQueue;
}

/** What an index has forked, as far as it is compared with its sources. */
export interface ForksToWatch {
  list(index: string): Promise<
    readonly {
      readonly project: ProjectName;
      readonly version: string;
      readonly base: { readonly version: string };
      /** Whether a file of it is there that is not yanked. */
      readonly isOffered: boolean;
    }[]
  >;
  /** Notes of forks that were looked at whether the upstream has a newer release; undefined: it has none. Rejects where the database fails. */
  noteNewest(
    looked: readonly {
      readonly index: string;
      readonly project: ProjectName;
      readonly version: string;
      readonly newest: string | undefined;
    }[],
  ): Promise<void>;
}
