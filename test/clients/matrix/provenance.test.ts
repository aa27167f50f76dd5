import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { wheelFolder } from "../../../cli/demo/folder.ts";
import { temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { buildWheel, type Wheel } from "../../../cli/demo/wheel.ts";
import type { WitnessSource } from "../../../cli/demo/witness.ts";
import { DAY } from "../../../worker/duration.ts";
import { pypiEdge } from "../../support/node/command.ts";
import { paths, Rig } from "../../support/node/rig.ts";
import { onGitHub, TestSigstore } from "../../support/sigstore/sigstore.ts";
import { actor } from "../cast.ts";

/** How the newest release of each project was attested; the two before it were, by acme. */
const NEWEST = ["plain", "stolen", "broken"] as const;

const ACME = { kind: "GitHub", repository: "acme/parcel", workflow: "release.yml" };

const WHY: Readonly<Record<(typeof NEWEST)[number], RegExp>> = {
  plain: /it has no provenance, and earlier files of plain are proven to be by GitHub acme\/parcel/,
  stolen: /it was built by GitHub evil\/parcel \(release\.yml\), and stolen by GitHub acme\/parcel/,
  broken: /its provenance is not valid, its certificate is of no authority of the trusted root/,
};

const folder = temporaryDirectory();
const config = join(folder, "provenance.toml");

let rig: Rig;
beforeAll(async () => {
  const sigstore = await TestSigstore.make();
  writeFileSync(
    config,
    `[vars]\nTRUSTED_ROOT = '''${JSON.stringify(sigstore.root)}'''\n[vars.INDEXES.default]\nsources = ["pypi"]\n[vars.INDEXES.default.policy]\nprovenance = "regressed"\n`,
  );
  const versions = ["1.0", "1.1", "1.2"];
  const wheels = await Promise.all(NEWEST.flatMap((name) => versions.map((version) => buildWheel({ name, version }))));
  const provenance = new Map<string, string>();
  for (const wheel of wheels) {
    const text = await provenanceOf(wheel, sigstore);
    if (text !== undefined) provenance.set(wheel.filename, text);
  }
  rig = await Rig.open(attested(wheels, provenance), "--config", config);
});
afterAll(async () => {
  await rig?.close();
  rmSync(folder, { recursive: true });
});

async function provenanceOf({ filename, sha256 }: Wheel, sigstore: TestSigstore): Promise<string | undefined> {
  const file = { filename, sha256, at: Date.now() };
  const isNewest = filename.includes("-1.2-");
  if (!isNewest) return sigstore.provenance(ACME, { ...file, ...onGitHub("acme/parcel") });
  if (filename.startsWith("plain")) return undefined;
  if (filename.startsWith("broken"))
    return (await TestSigstore.make()).provenance(ACME, { ...file, ...onGitHub("acme/parcel") });
  const evil = onGitHub("evil/parcel", { repositoryId: "66", ownerId: "6" });
  return sigstore.provenance({ ...ACME, repository: "evil/parcel" }, { ...file, ...evil });
}

/** The wheels, with times of upload and provenance. */
function attested(wheels: readonly Wheel[], provenance: ReadonlyMap<string, string>): WitnessSource {
  const source = wheelFolder(wheels);
  return async (request) => {
    const { pathname } = new URL(request.url ?? "/", "http://x");
    const [, name = ""] = /^\/integrity\/(.+)$/.exec(pathname) ?? [];
    const text = provenance.get(decodeURIComponent(name));
    const headers = { "content-type": "application/vnd.pypi.integrity.v1+json" };
    if (text !== undefined) return { status: 200, headers, body: Buffer.from(text) };
    const answer = await source(request);
    if (!/json/.test(answer.headers["content-type"] ?? answer.headers["Content-Type"] ?? "")) return answer;
    const page = JSON.parse(Buffer.from(answer.body).toString()) as { files?: { filename: string }[] };
    const files = page.files?.map((file) => ({
      ...file,
      "upload-time": new Date(
        Date.now() - DAY * (40 - 10 * Number(file.filename.split("-")[1]?.slice(2))),
      ).toISOString(),
      ...(provenance.has(file.filename) && {
        provenance: `http://${request.headers.host}/integrity/${file.filename}`,
      }),
    }));
    return { ...answer, body: Buffer.from(JSON.stringify({ ...page, ...(files && { files }) })) };
  };
}

/** Asks for the page until the server, which verifies beside, has done so. */
async function untilVerified(name: string): Promise<void> {
  for (;;) {
    const answer = await fetch(new URL(`${name}/`, rig.index));
    const text = await answer.text();
    if (answer.ok && text.includes("-1.0-") && text.includes("-1.1-")) return;
    await setTimeout(20);
  }
}

/** Where a wheel of that version is, listed or not. */
async function addressOf(project: string, version: string): Promise<string> {
  const page = new URL(`${project}/`, rig.index);
  const { files } = (await (await fetch(page, { headers: { accept: JSON_TYPE } })).json()) as {
    files: { url: string }[];
  };
  const url = files.map((file) => file.url).find((each) => each.includes("-1.1-")) ?? "";
  return new URL(url.replace("-1.1-", `-${version}-`), page).href;
}

const JSON_TYPE = "application/vnd.pypi.simple.v1+json";

/** Clients break lines where the terminal ends. */
const spaced = (output: string) => output.replace(/\s+/g, " ");

const clients = (["pip", "uv-pip"] as const).map(actor);

test.for(NEWEST.flatMap((project) => clients.map((one) => ({ ...one, project }))))(
  "$name installs the newest proven release of $project, and says why not a later one, until it is exempted",
  async ({ available, client, project }, { skip }) => {
    skip(!available);
    await untilVerified(project);
    const newest = await rig.install(client(), project, [project]);
    expect(newest.code, newest.output).toBe(0);
    expect(paths(newest.requests, ".whl").filter((path) => path.includes("-1.2-"))).toEqual([]);
    expect(spaced(newest.output)).not.toContain(`${project}-1.2`);

    const pinned = await rig.install(client(), `${project}==1.2`, []);
    expect(pinned.code).not.toBe(0);

    // What is on no page is at its address, too: there the rule is on the screen.
    const direct = await rig.install(client(), `${project} @ ${await addressOf(project, "1.2")}`, []);
    expect(direct.code).not.toBe(0);
    expect(spaced(direct.output)).toMatch(WHY[project]);

    const what = [`${project}==1.2`, "--reason", "We have looked at it.", "--expires", "1d"];
    const added = await pypiEdge(["exempt", "add", ...what, "--state", rig.state], folder);
    expect(added.code, added.output).toBe(0);
    const exempted = await rig.install(client(), `${project}==1.2`, [project]);
    expect(exempted.code, exempted.output).toBe(0);
    const entry = /the entry is ([0-9a-f]{16})/.exec(added.output)?.[1] ?? "";
    await pypiEdge(["exempt", "remove", entry, "--state", rig.state], folder);
  },
);
