/** The state of an earlier version cannot be carried over. The message is a sentence that says why, and what to do. */
export class CannotCarryOver extends Error {}
