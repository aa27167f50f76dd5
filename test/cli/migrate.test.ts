import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { attestationRefusal } from "../../worker/publishing/attestation-refusal.ts";
import { CommandError } from "../../cli/lib/command-error.ts";
import { filesInFolder } from "../../cli/migrate/folder.ts";
import { filesAtIndex } from "../../cli/migrate/simple-api.ts";
import { RefusedUpload } from "../../cli/upload/api.ts";
import { migrateAll, type Migration } from "../../cli/migrate/migrate-all.ts";
import { UnusableFile, type SourceFile } from "../../cli/migrate/source.ts";

/** A file that the index has, or one that cannot be read. */
function file(name: string, isThere: boolean): SourceFile {
  const onDisk = () => Promise.reject(new UnusableFile("It cannot be read."));
  return { filename: name, from: name, sha256: isThere ? "there" : "other", onDisk };
}

const migration = {
  target: {
    find: () =>
      Promise.resolve({ project: "acme", version: "1.0", sha256: "there", isDeleted: false, isYanked: false }),
    yank: () => Promise.resolve(),
  },
  index: "team",
  keepTimes: false,
  show: () => undefined,
} satisfies Omit<Migration, "api">;

describe("a source that cannot be read", () => {
  const folder = temporaryDirectory();
  afterAll(() => removeDirectory(folder));
  writeFileSync(join(folder, "demo-1.0.tar.gz"), "x");

  test.each([
    ["nowhere", [], "nowhere: there is no such folder."],
    ["demo-1.0.tar.gz", [], "demo-1.0.tar.gz: a file, not a folder."],
    ["", ["other"], ": there is no file of such a project in it."],
  ])("%j is named", async (name, projects, sentence) => {
    await expect(filesInFolder(join(folder, name), projects)).rejects.toThrow(sentence);
  });

  test("because it wants a login is told so, in the words of the command and not of a server", async () => {
    const source = createServer((_, response) => response.writeHead(401).end());
    await new Promise<void>((done) => source.listen(0, "127.0.0.1", done));
    try {
      const host = `127.0.0.1:${(source.address() as AddressInfo).port}`;
      const sentence = `${host} answered 401: name its user and password in PYPI_EDGE_SOURCE_LOGIN, as user:password.`;
      const root = new URL(`http://${host}/simple/`);
      const { content, close } = await filesAtIndex(root, ["acme"], undefined);
      await close();
      expect(content.leftOut.map(({ reason }) => reason)).toEqual([`Its page cannot be read: ${sentence}`]);
      await expect(filesAtIndex(root, ["acme*"], undefined)).rejects.toThrow(new CommandError(sentence));
    } finally {
      source.close();
    }
  });
});

test("a migration that gives up after ten failures has what was done, and how many files were not tried", async () => {
  const files = [file("first", true), ...Array.from({ length: 30 }, (_, at) => file(`broken-${at}`, false))];
  const { migrated, left, problem } = await migrateAll(files, { ...migration, api: {} as Migration["api"] });
  expect(migrated.slice(0, 2)).toEqual([
    { filename: "first", from: "first", outcome: "identical", reason: undefined, sent: 0 },
    { filename: "broken-0", from: "broken-0", outcome: "failed", reason: "It cannot be read." },
  ]);
  expect([migrated.length >= 11, migrated.length + left]).toEqual([true, 31]);
  expect(String(problem)).toMatch(/10 files failed one after the other, the last one: It cannot be read\./);
});

test("a migration of which nothing fails leaves nothing", async () => {
  const files = [file("first", true), file("first", true)];
  const progress = await migrateAll(files, { ...migration, api: {} as Migration["api"] });
  expect(progress).toEqual({ migrated: [expect.anything(), expect.anything()], left: 0, problem: undefined });
});

test("attestations are carried over, and a file whose attestations are refused is published without them, which is said", async () => {
  const bytes = Buffer.from("an sdist");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const attestations = [{ version: 1 }, { version: 1, other: true }];
  const source = createServer(({ url = "" }, response) => {
    const listed = (name: string) => ({
      filename: name,
      url: `/files/${name}`,
      hashes: { sha256 },
      provenance: `http://${address}/integrity/${name}`,
    });
    const bundles = {
      version: 1,
      attestation_bundles: attestations.map((each) => ({ publisher: {}, attestations: [each] })),
    };
    const page = {
      meta: { "api-version": "1.4" },
      name: "acme",
      files: ["acme-1.0.tar.gz", "acme-1.1.tar.gz"].map(listed),
    };
    if (url === "/simple/acme/") {
      response.writeHead(200, { "Content-Type": "application/vnd.pypi.simple.v1+json" }).end(JSON.stringify(page));
    } else if (url.startsWith("/files/")) response.end(bytes);
    else response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(bundles));
  });
  await new Promise<void>((done) => source.listen(0, "127.0.0.1", done));
  const address = `127.0.0.1:${(source.address() as AddressInfo).port}`;
  const ends: unknown[] = [];
  const api = {
    begin: ({ filename }) => Promise.resolve({ id: filename, partSize: 1_000, parts: [] }),
    put: () => Promise.resolve(),
    async finish(id, end) {
      ends.push([id, end?.attestations]);
      if (id.includes("1.1") && end?.attestations)
        throw new RefusedUpload(attestationRefusal("They are of another sigstore.", "Upload it without."));
      return { identical: false, did: "" };
    },
    demandIndex: () => Promise.resolve(),
    demandTimes: () => Promise.resolve(),
  } satisfies Migration["api"];
  const target = { ...migration.target, find: () => Promise.resolve(undefined) };
  const { content, close } = await filesAtIndex(new URL(`http://${address}/simple/`), ["acme"], undefined);
  try {
    const { migrated } = await migrateAll(content.files, { ...migration, target, api });
    expect(migrated).toMatchObject([
      { filename: "acme-1.0.tar.gz", outcome: "published", reason: undefined },
      {
        filename: "acme-1.1.tar.gz",
        outcome: "published",
        reason: "It was published without its provenance: They are of another sigstore.",
      },
    ]);
    expect(ends).toHaveLength(3);
    expect(ends).toEqual(
      expect.arrayContaining([
        ["acme-1.0.tar.gz", attestations],
        ["acme-1.1.tar.gz", undefined],
        ["acme-1.1.tar.gz", attestations],
      ]),
    );
  } finally {
    await close();
    source.close();
  }
});
