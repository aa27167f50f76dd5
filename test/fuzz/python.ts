import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { endGroupWithUs, forgetGroup } from "../../cli/demo/leftovers.ts";
import { bareVariables } from "../../cli/demo/environment.ts";

/** What the ways to read a case in Python give, by their names. */
export type Theirs = Readonly<Record<string, { readonly reading: unknown } | { readonly refused: string }>>;

const SCRIPT = join(import.meta.dirname, "readers.py");

/** For as many cases as are asked about at once. Milliseconds. */
const TIMEOUT = 60_000;

/** Python's own readers, in one process that is asked again and again. */
export class Python {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  /** @param python an interpreter; it needs packaging and pip for some of the readers */
  constructor(python: string) {
    const env = { ...bareVariables(), PYTHONUTF8: "1" };
    this.#child = spawn(python, [SCRIPT], { env, stdio: ["pipe", "pipe", "inherit"], detached: true });
    if (this.#child.pid !== undefined) endGroupWithUs(this.#child.pid);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** What each of the cases reads as; throws an `Error` where Python has ended. */
  async read(reader: string, cases: readonly Uint8Array[]): Promise<Theirs[]> {
    const asked = { reader, cases: cases.map((bytes) => Buffer.from(bytes).toString("base64")) };
    this.#child.stdin.write(`${JSON.stringify(asked)}\n`);
    // It has no other way to be told that a case takes it for ever.
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), TIMEOUT);
    const { done, value } = await this.#lines.next();
    clearTimeout(timer);
    if (done) throw new Error(`Python ended over a case of ${reader}, or was ended after ${TIMEOUT / 1000} s`);
    return JSON.parse(value) as Theirs[];
  }

  async stop(): Promise<void> {
    const { pid, exitCode } = this.#child;
    this.#child.stdin.end();
    if (exitCode === null) await once(this.#child, "exit");
    if (pid !== undefined) forgetGroup(pid);
  }
}
