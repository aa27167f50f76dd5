import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { ShownTrustedRoot } from "../../schema/trusted-root.ts";
import { fetchTrustedRoot, type KnownMetadata } from "../../cli/trusted-root/update.ts";
import { SECOND } from "../../worker/duration.ts";
import { pypiEdge } from "../support/node/command.ts";
import { FakeApi } from "../support/node/fake-api.ts";
import { TufRepository } from "../support/node/tuf-repository.ts";
import { TestSigstore } from "../support/sigstore/sigstore.ts";

let target: string;
beforeAll(async () => {
  target = JSON.stringify((await TestSigstore.make()).root);
});
let repository: TufRepository;
beforeEach(async () => {
  repository = await new TufRepository().start();
});
afterEach(() => repository.stop());

const fetched = (of: KnownMetadata = { root: repository.root }) => fetchTrustedRoot(repository.url, of);

/** What is known after a first, sound fetch. */
async function known(version: number): Promise<KnownMetadata> {
  repository.publish({ target, version });
  return (await fetched()).metadata;
}

const refusal = async (of?: KnownMetadata) =>
  fetched(of).then(
    () => "fetched",
    (error: Error) => error.message,
  );

test("a sound repository gives its root, with the metadata that it was verified by", async () => {
  repository.publish({ target, version: 3 });
  const { root, metadata } = await fetched();
  expect(root).toEqual(JSON.parse(target));
  expect([metadata.timestamp, metadata.snapshot].map((text) => (JSON.parse(text) as Signed).signed.version)).toEqual([
    3, 3,
  ]);
});

interface Signed {
  readonly signed: { readonly version: number };
}

test("what is newer follows on what is known, over new keys of the repository as well", async () => {
  const before = await known(3);
  repository.publish({ target, version: 4 });
  repository.rotate(2);
  const { metadata } = await fetched(before);
  expect((JSON.parse(metadata.root) as Signed).signed.version).toBe(2);
  expect((JSON.parse(metadata.timestamp) as Signed).signed.version).toBe(4);
  // The same again is no fault.
  expect(await refusal(metadata)).toBe("fetched");
});

const refused = (why: string) =>
  new RegExp(`^The trusted root of http://127\\.0\\.0\\.1:\\d+ is refused: ${why} \\(.+\\)\\. Nothing was changed\\.$`);
const CUT = refused("it is cut or changed");
const UNSIGNED = refused("it is not signed by its keys");

test("an older version is refused", async () => {
  const before = await known(5);
  repository.publish({ target, version: 4 });
  expect(await refusal(before)).toMatch(refused("it is older than what is known, or its parts do not fit"));
});

test("a repository that is held back or not kept up is refused: it has expired", async () => {
  repository.publish({ target, version: 5, lasts: -SECOND });
  expect(await refusal()).toMatch(refused("what it says has expired: it is not kept up, or is held back on its way"));
});

test.each(["timestamp", "snapshot", "targets"] as const)("%s.json by another key is refused", async (forged) => {
  repository.publish({ target, version: 1, forged });
  expect(await refusal()).toMatch(UNSIGNED);
});

test("a new root.json that the root before has not signed is refused", async () => {
  repository.publish({ target, version: 1 });
  repository.rotate(2, true);
  expect(await refusal()).toMatch(UNSIGNED);
});

test.each(["timestamp.json", "snapshot.json", "targets.json", "trusted_root.json"])(
  "a truncated %s is refused",
  async (name) => {
    repository.publish({ target, version: 1 });
    repository.truncate(name);
    expect(await refusal()).toMatch(CUT);
  },
);

test("a repository that does not answer, or has none of it, is named", async () => {
  expect(await refusal()).toMatch(/^http:\S+ answers with the status 404\. Nothing was changed\.$/);
  expect(
    await fetchTrustedRoot("http://127.0.0.1:9", { root: repository.root }).catch((error: Error) => error.message),
  ).toMatch(/^http:\/\/127\.0\.0\.1:9 could not be read \(.+\)\. Nothing was changed\.$/);
});

test("the command fetches by what the server knows, and gives it to the server", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pypi-edge-root-"));
  const api = new FakeApi();
  await api.start();
  const update = (...more: string[]) =>
    pypiEdge(["trusted-root", "update", "--from", repository.url, ...more, "--url", api.url, "--token", "t"], folder);
  const answer = (shown: ShownTrustedRoot) =>
    (api.answer = { status: 200, type: "application/json", parts: [JSON.stringify(shown)] });
  try {
    repository.publish({ target, version: 2 });
    answer({ id: "0123456789abcdef", from: "shipped" });
    expect(await update()).toMatchObject({
      code: 2,
      output: expect.stringContaining("--tuf-root names the root.json"),
    });
    writeFileSync(join(folder, "root.json"), repository.root);
    expect(await update("--tuf-root", "root.json")).toMatchObject({
      code: 0,
      output: "The keys are as they were. The trusted root 0123456789abcdef is of this version of pypi-edge.\n",
    });
    const { method, url, body } = api.sent.at(-1) ?? {};
    expect([method, url, JSON.parse(body ?? "")]).toEqual([
      "PUT",
      "/-/api/trusted-root",
      { root: JSON.parse(target), source: repository.url, metadata: (await fetched()).metadata },
    ]);
    // From then on the server knows the repository, and an older one is not even sent.
    answer({ id: "0", from: "stored", stored: { source: repository.url, metadata: (await fetched()).metadata } });
    repository.publish({ target, version: 1 });
    expect(await update()).toMatchObject({
      code: 1,
      output: expect.stringMatching(/is refused: it is older than what is known/),
    });
    expect(api.sent.at(-1)?.method).toBe("GET");
  } finally {
    await api.stop();
    rmSync(folder, { recursive: true });
  }
});
