import { afterEach, describe, expect, test } from "vitest";
import { IndexError } from "../../worker/errors.ts";
import { parseFileRef } from "../../worker/pypi/file-url.ts";
import { parseProjectName } from "../../worker/pypi/name.ts";
import type { SourcePages } from "../../worker/repository/repository.ts";
import { FakeUpstream, type FakeFile } from "../support/upstream.ts";
import type { ListedFile } from "../../worker/repository/artifact.ts";
import type { Context } from "../../worker/repository/context.ts";

const WHEEL: FakeFile = {
  filename: "demo-1.0-py3-none-any.whl",
  bytes: new Uint8Array(100_000).fill(3),
  metadata: "Name: demo\n",
};
const NAME = parseProjectName("demo");
const REF = parseFileRef(`files.upstream.test/packages/${WHEEL.filename}`);

/** What a repository, and each part of one that has pages, must do over an upstream, whatever layers it is made of. */
export function repositoryContract(what: string, over: (upstream: FakeUpstream) => SourcePages): void {
  const deferred: Promise<unknown>[] = [];

  async function setUp() {
    const upstream = new FakeUpstream();
    await upstream.publish("demo", [WHEEL]);
    upstream.on(FakeUpstream.INDEX, () => Response.json({ meta: {}, projects: [{ name: "demo" }] }));
    const ctx: Context = {
      now: Date.parse("2026-11-22T12:00:00Z"),
      defer: (work) => void deferred.push(work),
      report: () => undefined,
    };
    const repository = over(upstream);
    return { upstream, repository, ctx, listed: await listing(repository, ctx) };
  }

  // Before storage is emptied: work that is still writing would meet that.
  afterEach(() => Promise.allSettled(deferred.splice(0)));

  describe(`${what} keeps the contract of Repository`, () => {
    test("a project it has is a page that can be read", async () => {
      const { repository, ctx } = await setUp();
      const model = await (await repository.project(NAME, ctx))?.model();
      expect([model?.name, model?.files.map((file) => file.filename)]).toEqual(["demo", [WHEEL.filename]]);
    });

    test("a project it does not have is null, for pages and files alike", async () => {
      const { repository, ctx } = await setUp();
      const ref = parseFileRef("files.upstream.test/packages/nobody-1.0.tar.gz");
      expect(await repository.project(parseProjectName("nobody"), ctx)).toBeNull();
      expect(await repository.file({ ref, headOnly: false }, ctx)).toBeNull();
    });

    test.each(["file", "metadata"] as const)(
      "the %s of a project it has comes with its bytes and facts",
      async (part) => {
        const { repository, ctx, listed } = await setUp();
        const artifact = await repository.file({ ref: { ...REF, part }, headOnly: false, listed }, ctx);
        const bytes = new Uint8Array(await new Response(artifact?.body as BodyInit).arrayBuffer());
        expect(bytes).toEqual(part === "file" ? WHEEL.bytes : new TextEncoder().encode(WHEEL.metadata));
        expect(artifact).toMatchObject({ project: "demo", size: bytes.byteLength, digest: { algorithm: "sha256" } });
      },
    );

    test("a document of a project it has says what the upstream wrote, and one that is not there is null", async () => {
      const { upstream, repository, ctx } = await setUp();
      upstream.on("https://upstream.test/pypi/demo/json", () =>
        Response.json({ last_serial: 5, info: { summary: "A demo." } }),
      );
      const document = await repository.document({ ref: { kind: "project-json", project: NAME } }, ctx);
      // Its serial, and which files are listed, may be the index's own.
      expect(JSON.parse((await document?.text()) ?? "")).toMatchObject({ info: { summary: "A demo." } });
      const ref = { kind: "release-json", project: NAME, version: "9.0" } as const;
      expect(await repository.document({ ref }, ctx)).toBeNull();
    });

    test("a source that fails throws upstream-failed, and never says that a name is absent", async () => {
      const { upstream, repository, ctx, listed } = await setUp();
      upstream.down = true;
      const unseen = parseProjectName("unseen");
      const ref = parseFileRef("files.upstream.test/packages/unseen-1.0.tar.gz");
      const attempts = [
        () => repository.project(unseen, ctx),
        () => repository.projects(ctx),
        () => repository.document({ ref: { kind: "project-json", project: unseen } }, ctx),
        () => repository.file({ ref, headOnly: false, listed: { ...listed, project: unseen } }, ctx),
      ];
      for (const attempt of attempts) await expect(attempt()).rejects.toSatisfy(isFailure);
    });

    test("the names of its projects come as lines of JSON", async () => {
      const { repository, ctx } = await setUp();
      const list = await repository.projects(ctx);
      expect(JSON.parse(await new Response(await list.json()).text())).toMatchObject({ projects: [{ name: "demo" }] });
    });
  });
}

const isFailure = (error: unknown) => error instanceof IndexError && error.kind === "upstream-failed";

/** How the page lists the wheel: layers below the store of files are told. */
async function listing(repository: SourcePages, ctx: Context): Promise<ListedFile> {
  const [entry] = (await (await repository.project(NAME, ctx))?.model())?.files ?? [];
  if (!entry) throw new Error("the page is empty");
  return { project: NAME, entry };
}
