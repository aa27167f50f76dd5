/** How a command ends. The table in docs/commands.md is made from this one. */
export const EXIT_CODES = {
  done: { code: 0, meaning: "everything was done" },
  failed: {
    code: 1,
    meaning: "all or a part of it failed, or a file that it was to read is not there or is wrong; the message says why",
  },
  usage: { code: 2, meaning: "the command line is wrong; the command did nothing" },
  unreachable: { code: 3, meaning: "no pypi-edge answers at the address; try again when it does" },
  refused: { code: 4, meaning: "there is no token, or the server refuses it for this request" },
  interrupted: { code: 130, meaning: "Ctrl-C ended it, or a second signal the server" },
  unread: { code: 141, meaning: "the program that reads the output has ended, such as head" },
} as const satisfies Record<string, { readonly code: number; readonly meaning: string }>;

export type ExitReason = keyof typeof EXIT_CODES;

/** A failure that the user can act on. Only its message is printed, without a stack. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly ending: Exclude<ExitReason, "done">;
  /** The status of the server's answer, where the error comes from an answer. */
  readonly status: number | undefined;

  /** @param ending how the command ends because of it */
  constructor(message: string, ending: Exclude<ExitReason, "done"> = "failed", status?: number) {
    super(message);
    this.ending = ending;
    this.status = status;
  }
}

/**
 * The error for a wrong command line; `message` says what is expected. A file that the line names, and that is missing or wrong, is
 * no fault of the line: that is a `CommandError` as any other.
 */
export const usageError = (message: string) => new CommandError(message, "usage");
