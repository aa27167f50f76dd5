import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { convertV4MiniflareOptions, Miniflare, type Json } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../../cli/demo/process.ts";
import { buildWheel, type Wheel } from "../../../cli/demo/wheel.ts";
import { Witness } from "../../../cli/demo/witness.ts";
import { MIGRATIONS, PROJECT_FOLDER } from "../../../cli/lib/project-folder.ts";
import { migrate } from "../../../server/migrate.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { upload } from "../../support/node/team.ts";
import { deployedBundle } from "../../support/node/workerd/build.ts";
import { variablesFor } from "../../platform/machine/recorded/servers.ts";

/*
 * While a version is deployed, isolates of the one before go on answering, on the tables and stores that the new one has
 * migrated and writes to. So both run here over the same stores. What the earlier one does is its whole bundle, kept as a
 * fixture: a list of its statements would not show what it makes of values that the new one has written.
 */

const ADMIN_TOKEN = "an-admin-token-for-tests";
const KEPT = join(PROJECT_FOLDER, "test/fixtures/worker-before");
const VERSIONS = ["before", "now"] as const;

type Version = (typeof VERSIONS)[number];

let upstream: Witness;
let miniflare: Miniflare;
let roots: Record<Version, string>;
let mirrored: Record<Version, Wheel>;

beforeAll(async () => {
  const wheels = await Promise.all(
    VERSIONS.map((version) => buildWheel({ name: `public-${version}`, version: "1.0" })),
  );
  mirrored = { before: wheels[0] as Wheel, now: wheels[1] as Wheel };
  upstream = await new Witness(fakeIndex(wheels, () => "pypi")).start();
  const ports = [await freePort(), await freePort()] as const;
  roots = { before: `http://127.0.0.1:${ports[0]}`, now: `http://127.0.0.1:${ports[1]}` };
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(PROJECT_FOLDER, "wrangler.toml"));
  const { queueConsumers: _consumers, ...stores } = workerOptions;
  // A version that is deployed keeps the variables that it was deployed with.
  const kept = unstable_getMiniflareWorkerOptions(join(KEPT, "wrangler.toml"));
  const given = { before: kept.workerOptions, now: workerOptions };
  const worker = (name: Version, port: number, contents: string) => ({
    ...stores,
    name,
    bindings: variablesFor(upstream.index, ADMIN_TOKEN, given[name]) as Record<string, Json>,
    modules: [{ type: "ESModule" as const, path: "index.js", contents }],
    unsafeDirectSockets: [{ host: "127.0.0.1", port }],
  });
  const bundle = brotliDecompressSync(readFileSync(join(KEPT, "index.js.br"))).toString();
  const workers = [worker("before", ports[0], bundle), worker("now", ports[1], await deployedBundle())];
  miniflare = new Miniflare(convertV4MiniflareOptions({ host: "127.0.0.1", port: 0, cf: false, workers }));
  await migrate(await miniflare.getD1Database("DB"), MIGRATIONS);
});
afterAll(async () => {
  await miniflare.dispose();
  await upstream.stop();
});

/** Sends a request to one of the two. With a body it is a POST. */
async function ask(version: Version, path: string, token?: string, body?: string): Promise<Response> {
  const answer = await fetch(new URL(path, roots[version]), {
    headers: {
      Accept: "application/vnd.pypi.simple.v1+json, application/json",
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    },
    ...(body !== undefined && { method: "POST", body }),
  });
  if (!answer.ok) throw new Error(`${version} answered ${path} with ${answer.status}: ${await answer.text()}`);
  return answer;
}

interface Page {
  readonly files: readonly { readonly filename: string; readonly url: string; readonly yanked?: unknown }[];
}

/** The files of a page, and the bytes of each. */
async function read(version: Version, path: string, token?: string) {
  const { files } = (await (await ask(version, path, token)).json()) as Page;
  return Promise.all(
    files.map(async ({ filename, url, yanked = false }) => {
      const file = new URL(url, new URL(path, roots[version]));
      const bytes = await (await ask(version, file.pathname, token)).bytes();
      return { filename, yanked, bytes: Buffer.from(bytes).toString("base64") };
    }),
  );
}

const wanted = (wheel: Wheel, yanked: unknown = false) => ({
  filename: wheel.filename,
  yanked,
  bytes: Buffer.from(wheel.bytes).toString("base64"),
});

const other = (version: Version): Version => (version === "now" ? "before" : "now");

test("what one version has stored of an upstream, the other serves while the upstream is away", async () => {
  for (const version of VERSIONS)
    expect(await read(version, `/simple/public-${version}/`)).toEqual([wanted(mirrored[version])]);
  await upstream.stop();
  for (const version of VERSIONS)
    expect(await read(other(version), `/simple/public-${version}/`)).toEqual([wanted(mirrored[version])]);
});

test("what is uploaded and yanked by one version is seen by the other at once, with tokens of either", async () => {
  const tokens = await Promise.all(
    VERSIONS.map(async (version) => {
      const grant = { name: version, index: "team", scopes: ["read", "upload", "yank"] };
      const answer = await ask(version, "/-/api/tokens", ADMIN_TOKEN, JSON.stringify(grant));
      const { token: made } = (await answer.json()) as { token: string };
      return [version, made] as const;
    }),
  );
  const token = Object.fromEntries(tokens) as Record<Version, string>;
  const wheels = {
    before: await buildWheel({ name: "acme", version: "1.0" }),
    now: await buildWheel({ name: "acme", version: "2.0" }),
  };
  // Each shows the token that the other has made.
  const sent = await Promise.all(
    VERSIONS.map((version) => upload(`${roots[version]}/team/legacy/`, token[other(version)], wheels[version])),
  );
  expect(sent.map(({ status }) => status)).toEqual([200, 200]);
  const both = [wanted(wheels.before), wanted(wheels.now)];
  for (const version of VERSIONS) expect(await read(version, "/team/simple/acme/", token[version])).toEqual(both);

  await ask("now", "/-/api/indexes/team/projects/acme/1.0/yank", token.now, '{"reason":"no data"}');
  expect(await read("before", "/team/simple/acme/", token.before)).toEqual([wanted(wheels.before, "no data"), both[1]]);
});

test("the jobs of the version before run on this version's tables", async () => {
  for (const job of ["refresh", "forget", "sweep", "clean", "replay"])
    expect(await (await ask("before", `/-/api/jobs/${job}`, ADMIN_TOKEN, "")).json()).toMatchObject({ job });
});
