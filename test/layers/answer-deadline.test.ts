import { expect, test } from "vitest";
import { parseFileRef } from "../../worker/pypi/file-url.ts";
import { parseProjectName } from "../../worker/pypi/name.ts";
import { Page } from "../../worker/repository/page.ts";
import { answerDeadline } from "../../worker/layers/answer-deadline.ts";
import type { ProjectFiles, Repository } from "../../worker/repository/repository.ts";
import type { Artifact } from "../../worker/repository/artifact.ts";
import type { Context } from "../../worker/repository/context.ts";

const NAME = parseProjectName("demo");
const REF = parseFileRef("files.upstream.test/packages/demo-1.0.tar.gz");

/** A repository that takes `milliseconds` for each answer, under a deadline of 50 ms; and what was done behind the answers. */
function slowBy(milliseconds: number) {
  const cancelled: string[] = [];
  const deferred: Promise<unknown>[] = [];
  const body = (what: string) => new ReadableStream<Uint8Array>({ cancel: () => void cancelled.push(what) });
  const pause = () => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const slow: Repository = {
    projects: () => Promise.reject(new Error("not asked for")),
    document: () => Promise.reject(new Error("not asked for")),
    hostedFiles: () => Promise.reject(new Error("not asked for")),
    async project() {
      await pause();
      const page = new Page({ digest: "", changedAt: 0, size: 0, plainSize: 0 }, body("page"), "upstream");
      return { page, files: {} as ProjectFiles };
    },
    async file() {
      await pause();
      return { project: NAME, modifiedAt: 0, body: body("file"), via: "upstream" } satisfies Artifact;
    },
  };
  const ctx: Context = { now: 0, defer: (work) => void deferred.push(work), report: () => undefined };
  const repository = answerDeadline(50)(slow);
  return {
    project: (more: Partial<Context> = {}) => repository.project(NAME, { ...ctx, ...more }),
    file: () => repository.file({ ref: REF, headOnly: false }, ctx),
    cancelled,
    settled: () => Promise.all(deferred),
  };
}

test("an answer that begins in time is not touched", async () => {
  const { project, file, cancelled } = slowBy(0);
  expect([(await project())?.page.via, (await file())?.via, cancelled]).toEqual(["upstream", "upstream", []]);
});

test("an answer that does not is a failure, and its late body is cancelled", async () => {
  const { project, file, cancelled, settled } = slowBy(100);
  await expect(project()).rejects.toMatchObject({
    kind: "upstream-failed",
    message: expect.stringContaining("too long"),
  });
  await expect(file()).rejects.toMatchObject({ kind: "upstream-failed" });
  await settled();
  expect(cancelled).toEqual(["page", "file"]);
});

test("a caller without a deadline waits for the answer", async () => {
  const { project, cancelled } = slowBy(100);
  expect([(await project({ patient: true }))?.page.via, cancelled]).toEqual(["upstream", []]);
});
