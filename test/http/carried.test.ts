import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { carriedState } from "../../schema/carried.ts";
import { begin, digestOf, importStep, putMember, type Exporter, type Send, type Step } from "../support/carried.ts";
import { carriedPath, carriedWheel, offline, sendTo } from "../support/offline.ts";
import { ADMIN_TOKEN, JSON_TYPE, type Rig } from "../support/rig.ts";

const [ONE, TWO] = [carriedWheel("demo", "1.0"), carriedWheel("demo", "2.0")];
const FIRST = { pages: { demo: [ONE], six: [carriedWheel("six", "1.16")] } };

/** The number of the first member of a kind. */
const numberOf = ({ members }: Step, kind: string) => members.findIndex(({ member }) => member.kind === kind) + 1;

/** The answer, and what it says. */
async function said(answer: ReturnType<Send>): Promise<readonly [number, string]> {
  const { status, text } = await answer;
  return [status, text().trim()];
}

const names = async (rig: Rig) => {
  const answer = await rig.get("/simple/", { Accept: JSON_TYPE });
  return (JSON.parse(answer.text()) as { projects: { name: string }[] }).projects.map(({ name }) => name);
};

const stateOf = async (send: Send) => carriedState.parse(JSON.parse((await send("/-/api/carried", "GET")).text()));

/** With a manifest that is signed and says something else. */
async function changed(exporter: Exporter, step: Step, change: Record<string, unknown>) {
  const manifest = JSON.stringify({ ...(JSON.parse(step.manifest) as object), ...change });
  return { manifest, signature: await exporter.sign(manifest) };
}

describe("a step that is received", () => {
  test("is begun, goes on, and counts once it is whole", async () => {
    const { exporter, send } = await offline();
    expect(await stateOf(send)).toEqual({
      source: "main",
      chain: null,
      sequence: 0,
      manifest: null,
      at: null,
      open: null,
    });
    const step = await exporter.step(FIRST);
    const digest = await digestOf(new TextEncoder().encode(step.manifest));
    await begin(send, step);
    expect((await putMember(send, step, 2)).status).toBe(204);
    const open = {
      sequence: 1,
      manifest: digest,
      members: 7,
      missing: [
        [1, 1],
        [3, 7],
      ],
    };
    expect(await stateOf(send)).toMatchObject({ sequence: 0, chain: exporter.chain, open });
    expect(JSON.parse((await begin(send, step)).text())).toMatchObject({ open });
    const done = { chain: exporter.chain, sequence: 1, manifest: digest, at: "2026-11-29T12:00:00.000Z", open: null };
    expect(await importStep(send, step)).toMatchObject(done);
    expect(await stateOf(send)).toMatchObject(done);
  });

  test("is written to the audit log where it begins and where it ends", async () => {
    const { rig, exporter, send } = await offline();
    await importStep(send, await exporter.step(FIRST));
    const audit = await rig.get("/-/api/audit", { Authorization: `Bearer ${ADMIN_TOKEN}` });
    const lines = audit
      .text()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const subject = `step 1 of ${exporter.chain.slice(0, 8)}`;
    expect(lines).toMatchObject([
      { action: "carried.begin", index: "default", subject, details: { source: "main", from: "default", members: 7 } },
      { action: "carried.end", index: "default", subject },
    ]);
  });

  test("shows a page once its files are there, and not before", async () => {
    const { rig, exporter, send } = await offline();
    const step = await exporter.step(FIRST);
    await begin(send, step);
    const page = numberOf(step, "page");
    expect(await said(putMember(send, step, page))).toEqual([
      409,
      `The page of demo lists ${ONE.filename}, which is not here: files come before the pages that name them.`,
    ]);
    await putMember(send, step, 1);
    expect(await said(putMember(send, step, page))).toEqual([
      409,
      `The page of demo lists the metadata of ${ONE.filename}, which is not here: files come before the pages that name them.`,
    ]);
    await putMember(send, step, numberOf(step, "metadata"));
    expect((await rig.page("demo")).status).toBe(404);
    expect((await putMember(send, step, page)).status).toBe(204);
    // Killed here, it leaves whole members.
    expect(await names(rig)).toEqual(["demo"]);
    expect((await rig.get(carriedPath("demo", await digestOf(ONE.bytes), ONE.filename))).text()).toBe("demo 1.0");
  });

  test("shows no page before the advisories and lists that it came with", async () => {
    const { exporter, send } = await offline({ policy: {} });
    const lists = [{ kind: "deny", what: "demo", reason: "no", advisory: null, expires: null }] as const;
    const step = await exporter.step({ ...FIRST, lists: [...lists] });
    await begin(send, step);
    for (let number = 1; number < numberOf(step, "lists"); number++) await putMember(send, step, number);
    const [status, sentence] = await said(putMember(send, step, numberOf(step, "page")));
    expect([status, sentence]).toEqual([409, expect.stringContaining("advisories or lists of this step are not here")]);
  });

  test("replaces pages, keeps what it does not name, and takes out what is gone", async () => {
    const { rig, exporter, send } = await offline();
    await importStep(send, await exporter.step({ pages: { ...FIRST.pages, old: [carriedWheel("old", "1.0")] } }));
    rig.wait(86_400_000);
    const step = await exporter.step({ pages: { demo: [ONE, TWO] }, removed: ["old"] });
    const begun = carriedState.parse(JSON.parse((await begin(send, step)).text()));
    // What is here already is not sent again.
    expect(begun.open?.missing).toEqual([
      [2, 2],
      [4, 6],
    ]);
    expect(await names(rig)).toEqual(["demo", "old", "six"]);
    await importStep(send, step);
    expect(await names(rig)).toEqual(["demo", "six"]);
    expect((await rig.page("demo")).json?.versions).toEqual(["1.0", "2.0"]);
    expect((await rig.page("old")).status).toBe(404);
  });
});

describe("a step is refused", () => {
  test("whose signature is of another key, or of other bytes", async () => {
    const { rig, exporter, send } = await offline();
    const step = await exporter.step(FIRST);
    const other = await (await offline()).exporter.sign(step.manifest);
    for (const wrong of [other, "", await exporter.sign(`${step.manifest} `)]) {
      const [status, sentence] = await said(begin(send, { ...step, signature: wrong }));
      expect([status, sentence]).toEqual([422, expect.stringContaining("not signed by a key of the source main")]);
    }
    const tampered = step.manifest.replace('"size":8', '"size":9');
    expect((await begin(send, { ...step, manifest: tampered })).status).toBe(422);
    expect([await names(rig), (await stateOf(send)).open]).toEqual([[], null]);
  });

  test("that comes too early, again, from another chain, or after another one", async () => {
    const { exporter, send } = await offline();
    const [one, two, three] = [await exporter.step(FIRST), await exporter.step({}), await exporter.step({})];
    expect(await said(begin(send, two))).toEqual([409, "This is step 2, and step 1 is missing: import in order."]);
    expect(await said(begin(send, three))).toEqual([
      409,
      "This is step 3, and steps 1 to 2 are missing: import in order.",
    ]);
    await importStep(send, one);
    expect(await said(begin(send, one))).toEqual([409, "Step 1 was imported already; the next one is step 2."]);
    const chain = "f".repeat(32);
    const [, otherChain] = await said(begin(send, await changed(exporter, two, { chain })));
    expect(otherChain).toContain("This is a step of another chain of exports, ffffffff");
    const [, otherBefore] = await said(begin(send, await changed(exporter, two, { before: chain + chain })));
    expect(otherBefore).toContain("This step 2 follows another step 1 than the one that is here");
    expect((await stateOf(send)).open).toBeNull();
    await importStep(send, two);
    expect(await importStep(send, three)).toMatchObject({ sequence: 3 });
  });

  test("whose manifest is not one", async () => {
    const { exporter, send } = await offline();
    const step = await exporter.step(FIRST);
    const [status, sentence] = await said(begin(send, await changed(exporter, step, { members: [] })));
    expect([status, sentence]).toEqual([
      422,
      "The manifest cannot be read: it must have the closing member as its last one.",
    ]);
    const text = "no JSON";
    expect((await begin(send, { manifest: text, signature: await exporter.sign(text) })).status).toBe(422);
    for (const body of ["", "[]", "{}", "no JSON"])
      expect((await send("/-/api/carried", "POST", body)).status).toBe(422);
  });

  test("that ends before all is there", async () => {
    const { exporter, send } = await offline();
    const done = () => said(send("/-/api/carried/done", "POST"));
    expect(await done()).toEqual([409, "No step is under way: send its manifest first."]);
    await begin(send, await exporter.step(FIRST));
    expect(await done()).toEqual([409, "Step 1 is not whole: member 1 is missing."]);
  });
});

describe("a member is refused", () => {
  async function begun() {
    const made = await offline();
    const step = await made.exporter.step(FIRST);
    await begin(made.send, step);
    const put = (number: number | string, bytes: Uint8Array | string) =>
      said(
        made.send(`/-/api/carried/members/${number}`, "PUT", typeof bytes === "string" ? bytes : new Uint8Array(bytes)),
      );
    return { ...made, step, put };
  }

  test("with other bytes than the manifest says, more, fewer, or none", async () => {
    const { rig, send, put } = await begun();
    expect(await put(1, "demo 1.1")).toEqual([422, expect.stringContaining("Member 1, file ")]);
    expect(await put(1, "demo 1.0 and more")).toEqual([400, expect.stringContaining("more than the 8 bytes")]);
    expect(await put(1, "demo")).toEqual([400, expect.stringContaining("4 bytes; 8 are expected")]);
    expect(await put(1, "")).toEqual([400, expect.stringContaining("0 bytes; 8 are expected")]);
    expect((await stateOf(send)).open?.missing).toEqual([[1, 7]]);
    expect((await env.FILES.list({ prefix: "carried/" })).objects).toEqual([]);
    expect(await names(rig)).toEqual([]);
  });

  test("that the step does not have, or where none is under way", async () => {
    const { put, step, send } = await begun();
    expect(await put(8, "x")).toEqual([404, "The step has the members 1 to 7."]);
    for (const number of ["0", "x", "-1", "1e3"]) expect((await put(number, "x"))[0]).toBe(400);
    await importStep(send, step);
    expect(await put(1, "demo 1.0")).toEqual([409, "No step is under way: send its manifest first."]);
  });

  test("with lists for an index that has no policy", async () => {
    const { exporter, send } = await offline();
    const lists = [{ kind: "deny" as const, what: "demo", reason: "no", advisory: null, expires: null }];
    const step = await exporter.step({ lists });
    await begin(send, step);
    expect(await said(putMember(send, step, 1))).toEqual([422, expect.stringContaining("has no policy of its own")]);
  });

  test("with advisories that are none, or from one who is no admin of all", async () => {
    const { rig, exporter, send } = await offline({ policy: {} });
    const step = await exporter.step({ advisories: new TextEncoder().encode("no index") });
    await begin(send, step);
    expect(await said(putMember(send, step, 1))).toEqual([
      422,
      expect.stringContaining("This is no index of advisories"),
    ]);
    const made = await rig.post("tokens", JSON.stringify({ name: "own", index: "default", scopes: ["admin"] }));
    const { token } = JSON.parse(made.text()) as { token: string };
    expect((await putMember(sendTo(rig, token), step, 1)).status).toBe(403);
    expect((await begin(sendTo(rig, token), step)).status).toBe(200);
  });

  test("where a page lies about what it is of", async () => {
    const { exporter, send } = await offline();
    const step = await exporter.step(FIRST, (manifest) => ({
      ...manifest,
      members: manifest.members.map((member) => (member.key === "demo" ? { ...member, key: "other" } : member)),
    }));
    await begin(send, step);
    for (let number = 1; number < numberOf(step, "page"); number++) await putMember(send, step, number);
    expect(await said(putMember(send, step, numberOf(step, "page")))).toEqual([
      422,
      "The page of other is one of demo.",
    ]);
  });
});

test("an index without an offline source says so, and readers are told nothing", async () => {
  const { rig, send, exporter } = await offline(
    {},
    {
      UPSTREAMS: { pypi: { url: "https://upstream.test/simple/" } },
      INDEXES: { default: { sources: ["pypi"] } },
    },
  );
  const [status, sentence] = await said(begin(send, await exporter.step(FIRST)));
  expect([status, sentence]).toEqual([404, expect.stringContaining("default has no source of kind offline")]);
  expect((await rig.get("/-/api/carried")).status).toBe(401);
});

test("of several offline sources one is named", async () => {
  const [one, two] = [await offline(), await offline()];
  const { rig } = await offline(
    { sources: ["first", "second"] },
    {
      UPSTREAMS: {
        first: { kind: "offline", key: one.exporter.key },
        second: { kind: "offline", key: [one.exporter.key, two.exporter.key] },
      },
    },
  );
  const send = sendTo(rig);
  const step = await two.exporter.step(FIRST);
  expect(await said(begin(send, step))).toEqual([
    400,
    "There are several offline sources: name one with ?source=: first, second.",
  ]);
  const named: Send = (path, method, body) => send(`${path}?source=second`, method, body);
  expect(await importStep(named, step)).toMatchObject({ source: "second", sequence: 1 });
  const { files } = (await rig.page("demo")).json ?? { files: [] };
  expect(files[0]?.["url"]).toMatch(/^\.\.\/\.\.\/files\/second\.offline\.invalid\/demo\//);
});
