import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import NoExceptions from "../support/exceptions.ts";

/** What a run comes to in which the runtime has printed these lines while this file ran. */
function runThat(...lines: string[]) {
  const passedOn: unknown[] = [];
  const log = { write: (line: unknown) => passedOn.push(line) > 0 };
  const reporter = new NoExceptions([log]);
  reporter.onInit();
  reporter.onTestModuleStart({ relativeModuleId: "test/before.test.ts" });
  reporter.onTestModuleEnd({ relativeModuleId: "test/before.test.ts" });
  reporter.onTestModuleStart({ relativeModuleId: "test/this.test.ts" });
  for (const line of lines) log.write(`${line}\n`);
  reporter.onTestModuleEnd({ relativeModuleId: "test/this.test.ts" });
  reporter.onTestRunEnd();
  return { passedOn, exitCode: process.exitCode };
}

describe("a run", () => {
  const said = vi.spyOn(console, "error");
  const { exitCode } = process;
  beforeEach(() => {
    said.mockReset();
    said.mockImplementation(() => undefined);
  });
  afterEach(() => {
    process.exitCode = exitCode;
  });

  test.each([
    "exception = workerd/api/streams/internal.c++:532: disconnected: pump canceled\nstack: workerd@3a400d2",
    "exception = kj/async-io.c++:2008: disconnected: fixed-length pipe ended prematurely",
    "uncaught exception; source = Uncaught (in promise); stack = Error: Network connection lost.",
    "*** Received signal #11: Segmentation fault",
  ])("in which the runtime prints %j fails, and the line is printed all the same", (line) => {
    expect(runThat(line)).toEqual({ passedOn: [`${line}\n`], exitCode: 1 });
    expect(said.mock.calls.flat()).toEqual([
      "The runtime has printed 1 exceptions, which fails the run. While these ran:",
      "  test/this.test.ts",
    ]);
  });

  test("in which it prints anything else does not", () => {
    const lines = ["a test that names an exception = its title", " ✓ uncaught exception", "workerd is ready"];
    expect(runThat(...lines)).toEqual({ passedOn: lines.map((line) => `${line}\n`), exitCode });
    expect(said.mock.calls).toEqual([]);
  });
});
