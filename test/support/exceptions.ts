import type { Reporter, TestModule } from "vitest/node";

/** How the runtime's own log of an exception begins, and that of its end; what tests log themselves is no such line. */
const EXCEPTION = /^(?:uncaught )?exception\b|^\*\*\* /;

type Stream = Pick<NodeJS.WriteStream, "write">;

/**
 * Makes a run fail in which the runtime has printed an exception, even where all tests passed: something broke off that no test
 * looks at. No kind of exception is let pass.
 */
export default class NoExceptions implements Reporter {
  readonly #running = new Set<string>();
  readonly #seen: string[] = [];
  readonly #streams: readonly Stream[];

  /** @param streams what the runtime's log is passed on to */
  constructor(streams?: readonly Stream[]) {
    this.#streams = Array.isArray(streams) ? streams : [process.stdout, process.stderr];
  }

  onInit(): void {
    for (const stream of this.#streams) {
      const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
      stream.write = (...args: unknown[]) => {
        if (EXCEPTION.test(String(args[0]))) this.#seen.push([...this.#running].join(", ") || "no file");
        return write(...args);
      };
    }
  }

  onTestModuleStart({ relativeModuleId }: Pick<TestModule, "relativeModuleId">): void {
    this.#running.add(relativeModuleId);
  }

  onTestModuleEnd({ relativeModuleId }: Pick<TestModule, "relativeModuleId">): void {
    this.#running.delete(relativeModuleId);
  }

  onTestRunEnd(): void {
    if (this.#seen.length === 0) return;
    console.error(`The runtime has printed ${this.#seen.length} exceptions, which fails the run. While these ran:`);
    for (const files of new Set(this.#seen)) console.error(`  ${files}`);
    process.exitCode = 1;
  }
}
