import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { buildWheel, type Wheel } from "../../../cli/demo/wheel.ts";
import type { Outcome } from "../../../cli/demo/process.ts";
import { Place } from "../../support/node/clients/place.ts";
import { zip } from "../../support/archive.ts";
import { CLI, killedAfter, pypiEdge } from "../../support/node/command.ts";
import { incompressible } from "../../support/node/fake-index/content.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { FarIndex } from "../../support/node/far-index.ts";
import { Rig } from "../../support/node/rig.ts";
import { actor } from "../cast.ts";

/*
 * From a server that stands in front of an index to one that no network reaches, by folders alone.
 */

const FILES = 30;
// KILLS makes them fewer, or more.
const KILLS = Number(process.env["KILLS"] ?? 20);
const PATIENCE = 600_000;

const work = temporaryDirectory();
let near: Rig;
let far: FarIndex;
let wheels: readonly Wheel[];
let hosted: Wheel;

beforeAll(async () => {
  const versions = Array.from({ length: FILES }, (_, at) => `1.${at}`);
  wheels = await Promise.all([
    ...versions.map((version, at) =>
      buildWheel({ name: "demo", version, files: { "demo/data.bin": incompressible(100_000 + at) } }),
    ),
    buildWheel({ name: "app", version: "1.0", requires: ["demo>=1.2", "acme-tools"] }),
  ]);
  hosted = await buildWheel({ name: "acme-tools", version: "1.0" });
  near = await Rig.open(fakeIndex(wheels, () => "pypi"));
  writeFileSync(join(work, hosted.filename), hosted.bytes);
  const locked = wheels.map(({ project, version, sha256 }) => `${project}==${version} --hash=sha256:${sha256}\n`);
  writeFileSync(join(work, "requirements.txt"), locked.join(""));
  demand(await run("upload", hosted.filename, "--index", "team"));
  demand(await run("warm", "requirements.txt", "--index", "team"));
  const { stdout } = await pypiEdge(["export", "--new-key", "owner.pem"], work);
  far = await FarIndex.open(stdout.trim());
}, PATIENCE);
afterAll(async () => {
  await near?.close();
  await far?.close();
  removeDirectory(work);
});

/** Throws where a command has failed. */
function demand({ code, output }: Outcome): void {
  if (code !== 0) throw new Error(output);
}

const wordsOf = (...words: readonly string[]) => [
  ...words,
  "--url",
  new URL("/", near.index).href,
  "--state",
  near.state,
];
const run = (...words: readonly string[]) => pypiEdge(wordsOf(...words), work);
const exportWords = (folder: string, ...more: readonly string[]) =>
  wordsOf("export", folder, "--index", "team", "--key", "owner.pem", "--volume", "1MB", ...more);

async function exported(folder: string, ...more: readonly string[]): Promise<Outcome> {
  rmSync(join(work, folder), { recursive: true, force: true });
  return pypiEdge(exportWords(folder, ...more), work);
}

interface Manifest {
  readonly members: readonly { readonly kind: string; readonly key: string }[];
}
const membersOf = (folder: string, kind: string) =>
  (JSON.parse(readFileSync(join(work, folder, "manifest.json"), "utf8")) as Manifest).members
    .filter((member) => member.kind === kind)
    .map(({ key }) => key);

const volumesIn = (folder: string) => readdirSync(join(work, folder)).filter((name) => name.endsWith(".tar"));
const contentOf = (folder: string) =>
  volumesIn(folder).map((name) =>
    createHash("sha256")
      .update(readFileSync(join(work, folder, name)))
      .digest("hex"),
  );

/** The SHA-256 of each file that the far index lists of a project, as its bytes have it. */
async function atFar(project: string): Promise<string[]> {
  const page = new URL(`${project}/`, far.index);
  const answer = await fetch(page, { headers: { Accept: "application/vnd.pypi.simple.v1+json" } });
  if (answer.status === 404) return [];
  const { files } = (await answer.json()) as { files: { url: string; filename: string; hashes: { sha256: string } }[] };
  return Promise.all(
    files.map(async ({ url, hashes: { sha256 } }) => {
      const bytes = Buffer.from(await (await fetch(new URL(url, page))).arrayBuffer());
      expect(createHash("sha256").update(bytes).digest("hex")).toBe(sha256);
      return sha256;
    }),
  );
}
const digestsOf = (files: readonly Wheel[], project: string) =>
  files.filter((file) => file.project === project).map(({ sha256 }) => sha256);

describe("pypi-edge export", () => {
  test("has all that is uploaded and stored, and the same in the next step only where it is new", async () => {
    expect(await exported("step1")).toMatchObject({
      code: 0,
      output: expect.stringContaining("team, step 1: 32 files"),
    });
    expect(membersOf("step1", "page")).toEqual(["acme-tools", "app", "demo"]);
    expect(membersOf("step1", "file").toSorted()).toEqual([...wheels, hosted].map(({ sha256 }) => sha256).toSorted());
    expect(volumesIn("step1").length).toBeGreaterThan(3);
    expect(await exported("step2", "--since", "step1")).toMatchObject({ code: 0 });
    expect([...membersOf("step2", "file"), ...membersOf("step2", "page")]).toEqual([]);
  });

  test("has exactly what a lock asks for, without what the policy refuses, which it says with the rule", async () => {
    const [one, two] = wheels as [Wheel, Wheel];
    const lines = [one, two].map(({ version, sha256 }) => `demo==${version} --hash=sha256:${sha256}\n`);
    writeFileSync(join(work, "two.txt"), lines.join(""));
    const deny = ["policy", "deny", `demo==${two.version}`, "--index", "team", "--reason", "It is broken."];
    const denied = await run(...deny, "--json");
    const id = /"id":"([^"]+)"/.exec(denied.stdout)?.[1] ?? "";
    try {
      const { code, output } = await exported("locked", "--lock", "two.txt");
      expect([code, membersOf("locked", "file")]).toEqual([1, [one.sha256]]);
      expect(output).toMatch(/^not exported +demo .*(?:denied|deny|It is broken)/m);
      expect(output).toContain("1 of what the lock asks for is not in it");
    } finally {
      await run("policy", "remove", id);
    }
    expect(await exported("locked", "--lock", "two.txt")).toMatchObject({ code: 0 });
    expect(membersOf("locked", "file")).toEqual([one.sha256, two.sha256]);
  });

  test(
    "that is killed at a random moment is the same after another run",
    async () => {
      const { seconds } = await exported("whole");
      let killed = 0;
      for (let at = 0; at < KILLS; at++) {
        rmSync(join(work, "killed"), { recursive: true, force: true });
        await killedAfter(exportWords("killed"), work, Math.random() * seconds * 1000);
        if (!readdirSync(work).includes("killed") || !readdirSync(join(work, "killed")).includes("manifest.sig"))
          killed++;
        expect(await pypiEdge(exportWords("killed"), work), `round ${at}`).toMatchObject({ code: 0 });
        // The last volume has the closing member, in which the chain's own number is.
        expect(contentOf("killed").slice(0, -1), `round ${at}`).toEqual(contentOf("whole").slice(0, -1));
        expect(readdirSync(join(work, "killed")).filter((name) => !name.endsWith(".tar"))).toEqual([
          "manifest.json",
          "manifest.sig",
        ]);
      }
      expect(killed).toBeGreaterThan(0);
    },
    PATIENCE,
  );
});

describe("pypi-edge import", () => {
  beforeAll(async () => {
    await exported("step1");
    // The second step has a new file and a page that lists it.
    const later = await buildWheel({ name: "acme-tools", version: "1.1" });
    writeFileSync(join(work, later.filename), later.bytes);
    demand(await run("upload", later.filename, "--index", "team"));
    demand(await exported("step2", "--since", "step1"));
    demand(await exported("step3", "--since", "step2"));
  });

  test.each((["pip", "uv-pip"] as const).map(actor))(
    "brings what $name installs at the far side, step by step",
    async ({ available, client }) => {
      await far.startAnew();
      expect(await far.import(work, "step1")).toMatchObject({
        code: 0,
        output: expect.stringContaining("it is whole"),
      });
      expect(await atFar("acme-tools")).toEqual([hosted.sha256]);
      expect(await far.import(work, "step2", "step3")).toMatchObject({ code: 0 });
      expect(await atFar("acme-tools")).toHaveLength(2);
      expect((await atFar("demo")).toSorted()).toEqual(digestsOf(wheels, "demo").toSorted());
      if (!available) return;
      const place = await Place.make();
      try {
        expect(await client().install("app", far.index, place)).toMatchObject({ code: 0 });
        const used = await place.python(
          "import demo, app, acme_tools; print(demo.__version__, acme_tools.__version__)",
        );
        expect(used.output.trim()).toBe("1.29 1.1");
        expect((await client().install("numpy", far.index, place)).code).not.toBe(0);
      } finally {
        place.remove();
      }
    },
  );

  test("brings advisories and lists before the pages: the guard refuses there what they say", async () => {
    const affected = [{ package: { ecosystem: "PyPI", name: "demo" }, versions: ["1.29"] }];
    const record = { name: "MAL-2026-1.json", content: JSON.stringify({ id: "MAL-2026-1", affected }) };
    writeFileSync(join(work, "all.zip"), await zip([record]));
    const deny = ["policy", "deny", "app", "--index", "team", "--reason", "It is not for us.", "--json"];
    const id = /"id":"([^"]+)"/.exec((await run(...deny)).stdout)?.[1] ?? "";
    try {
      expect(await exported("guarded", "--advisories", "all.zip", "--project", "demo")).toMatchObject({ code: 0 });
    } finally {
      await run("policy", "remove", id);
    }
    expect([membersOf("guarded", "advisories"), membersOf("guarded", "lists")]).toEqual([["advisories"], ["lists"]]);
    await far.startAnew();
    expect(await far.import(work, "guarded")).toMatchObject({ code: 0 });
    expect(await atFar("demo")).toHaveLength(FILES - 1);
    const { output } = await pypiEdge(["policy", "list", ...far.access], work);
    expect(output).toMatch(/deny +app .*It is not for us\./);
  });

  test("says which volume is next, wherever the others are", async () => {
    await far.startAnew();
    const names = volumesIn("step1");
    for (const [at, name] of names.entries()) {
      const disc = join(work, `disc${at}`);
      mkdirSync(disc);
      for (const each of [name, "manifest.json", "manifest.sig"]) cpSync(join(work, "step1", each), join(disc, each));
      const { code, output } = await far.import(work, `disc${at}`);
      const next = names[at + 1];
      const isLast = next === undefined;
      const said = isLast ? "it is whole" : `Step 1 is not whole yet: ${next} is next.`;
      expect([code, output]).toEqual([isLast ? 0 : 1, expect.stringContaining(said)]);
    }
    expect(await far.import(work, "step1")).toMatchObject({ code: 0, output: "default, step 1: it was there.\n" });
  });

  test("refuses what was changed, is out of order, or comes from elsewhere, and goes on with what is right", async () => {
    await far.startAnew();
    expect(await far.import(work, "step2")).toMatchObject({
      code: 1,
      output: expect.stringMatching(/step 1 is missing/),
    });
    const [first = "", second = ""] = volumesIn("step1");
    cpSync(join(work, "step1"), join(work, "changed"), { recursive: true });
    const file = join(work, "changed", first);
    const bytes = readFileSync(file);
    bytes[5000] = (bytes[5000] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    const changed = await far.import(work, "changed");
    expect(changed).toMatchObject({
      code: 1,
      output: expect.stringMatching(/was changed or is damaged: file\/\w+ has the sha256/),
    });
    renameSync(join(work, "changed", second), file);
    expect(await far.import(work, "changed")).toMatchObject({
      code: 1,
      output: expect.stringMatching(/expected|another file/),
    });
    expect(await atFar("demo")).toEqual([]);
    expect(await far.import(work, "step1")).toMatchObject({ code: 0 });
    expect(await far.import(work, "step3")).toMatchObject({
      code: 1,
      output: expect.stringMatching(/step 2 is missing/),
    });

    // Another chain of the same key, and the same of another key.
    expect(await exported("other")).toMatchObject({ code: 0 });
    expect(await far.import(work, "other")).toMatchObject({ code: 1, output: expect.stringMatching(/another chain/) });
    await pypiEdge(["export", "--new-key", "stranger.pem"], work);
    const strange = wordsOf("export", "strange", "--index", "team", "--key", "stranger.pem");
    expect(await pypiEdge(strange, work)).toMatchObject({ code: 0 });
    expect(await far.import(work, "strange")).toMatchObject({
      code: 1,
      output: expect.stringMatching(/not signed by a key/),
    });
    expect(await far.import(work, "step2")).toMatchObject({ code: 0 });
  });

  test.each(["the command", "the server"])(
    "is whole after another run where %s is killed at a random moment",
    async (what) => {
      await far.startAnew();
      const { seconds } = await far.import(work, "step1");
      let killed = 0;
      for (let at = 0; at < KILLS / 2; at++) {
        await far.startAnew();
        const child = spawn(process.execPath, [CLI, ...far.importWords("step1")], { cwd: work, stdio: "ignore" });
        const ended = once(child, "exit");
        await Promise.race([ended, sleep(Math.random() * seconds * 1000)]);
        if (child.exitCode === null) killed++;
        if (what === "the server") {
          await far.kill();
          await ended;
          await far.start();
        } else {
          child.kill("SIGKILL");
          await ended;
        }
        // What is listed is there, whenever it was killed.
        await atFar("demo");
        expect(await far.import(work, "step1"), `round ${at}`).toMatchObject({ code: 0 });
        expect((await atFar("demo")).toSorted(), `round ${at}`).toEqual(digestsOf(wheels, "demo").toSorted());
      }
      expect(killed).toBeGreaterThan(0);
    },
    PATIENCE,
  );
});
