import { describe, expect, test } from "vitest";
import type { Edge } from "../../worker/repository/ports/maintenance.ts";
import { filesOn, pageIn, READER, teamOf } from "../support/hosted.ts";
import { at, call } from "../support/releases.ts";
import { onCloudflare, Rig } from "../support/rig.ts";
import { upload, wheelOf, type Upload } from "../support/upload.ts";

/** What the answer to each write has waited for: the sum of `reuse` and `skew`. */
const SETTLED = 1_000;
const EDGE = "Cloudflare's cache may give files of demo that it has for up to 60 s more.";
const CLIENTS = "What clients have downloaded stays in their own caches.";

/** A worker on Cloudflare, with an index that hosts, and one to promote to. */
function rigOf(vars: Record<string, unknown> = teamOf({ read: "token" }, { prod: { sources: [], hosted: true } })) {
  const rig = new Rig(vars, onCloudflare());
  const purged: unknown[] = [];
  rig.edge = {
    purge: (what) => {
      purged.push(what);
      return Promise.resolve();
    },
  } satisfies Edge;
  /** Runs a request; returns its answer and how long it waited. */
  const timed = async <Answer>(request: () => Promise<Answer>) => {
    const before = rig.now;
    const answer = await request();
    return { answer, waited: rig.now - before };
  };
  return { rig, purged, timed };
}

describe("a write is answered when it holds everywhere", () => {
  test("an upload, an identical one, and one that is refused for what is there", async () => {
    const { rig, timed } = rigOf();
    const wheel = await wheelOf();
    const isSeen = async (names: readonly string[]) =>
      expect(filesOn(await pageIn(rig, "/team", "demo", READER))).toEqual(names);
    await pageIn(rig, "/team", "demo", READER);
    for (const [file, status] of [
      [wheel, 200],
      [wheel, 200],
      [await wheelOf("demo", "1.0", "changed = True"), 409],
    ] as const) {
      const { answer, waited } = await timed(() => upload(rig, file));
      expect([answer.status, waited]).toEqual([status, SETTLED]);
      await isSeen([wheel.filename]);
    }
    const second = await wheelOf("demo", "2.0");
    expect((await timed(() => upload(rig, second))).waited).toBe(SETTLED);
    await isSeen([wheel.filename, second.filename]);
  });

  test.each<[string, (file: Upload) => Parameters<typeof upload>, number]>([
    ["malformed", (file) => [rigOf().rig, { ...file, bytes: new Uint8Array(9) }], 400],
    ["not allowed", (file) => [rigOf().rig, file, { headers: { Authorization: "Bearer none" } }], 401],
  ])("but one that is %s at once", async (_what, of, status) => {
    const [rig, file, sending] = of(await wheelOf());
    const before = rig.now;
    expect([(await upload(rig, file, sending)).status, rig.now - before]).toEqual([status, 0]);
  });

  test("each change of a release, also where it was done before", async () => {
    const { rig, timed } = rigOf();
    await upload(rig, await wheelOf());
    for (const [method, path, body] of [
      ["POST", at("team", "demo", "1.0", "yank"), {}],
      ["POST", at("team", "demo", "1.0", "unyank"), {}],
      ["PUT", at("team", "demo", "status"), { status: "quarantined" }],
      ["PUT", at("team", "demo", "status"), { status: "active" }],
      ["POST", at("team", "demo", "1.0", "promote"), { to: "prod" }],
      ["DELETE", at("team", "demo", "1.0"), {}],
      ["POST", at("team", "demo", "1.0", "restore"), {}],
    ] as const) {
      for (let times = 0; times < 2; times++) {
        const { answer, waited } = await timed(() => call(rig, method, path, body));
        expect([path, answer.status, waited]).toEqual([path, 200, SETTLED]);
      }
    }
    const missing = await timed(() => call(rig, "DELETE", at("team", "demo", "7.0"), {}));
    expect([missing.answer.status, missing.waited]).toEqual([404, SETTLED]);
  });

  test("an upload in parts when it is finished; its parts are not waited for", async () => {
    const { rig, timed } = rigOf();
    const { bytes, fields, filename } = await wheelOf();
    const announcement = { index: "team", filename, size: bytes.byteLength, sha256: fields["sha256_digest"] };
    const opened = await timed(() => call(rig, "POST", "uploads", announcement));
    const { id } = opened.answer.json as { id: string };
    const part = await timed(async () => {
      const { response, settled } = await rig.open(`/-/api/uploads/${id}/1`, {
        method: "PUT",
        headers: { ...READER, "Content-Length": String(bytes.byteLength) },
        body: bytes,
      });
      await response.text();
      await settled();
      return response;
    });
    const finished = await timed(() => call(rig, "POST", `uploads/${id}/finish`));
    const again = await timed(() => call(rig, "POST", "uploads", announcement));
    expect([opened, part, finished, again].map(({ answer, waited }) => [answer.status, waited])).toEqual([
      [201, 0],
      [200, 0],
      [200, SETTLED],
      [200, SETTLED],
    ]);
  });
});

test("nothing waits where the database is read each time", async () => {
  const rig = new Rig(teamOf({}));
  const before = rig.now;
  await upload(rig, await wheelOf());
  await call(rig, "DELETE", at("team", "demo", "1.0"), {});
  expect(rig.now).toBe(before);
});

describe("the cache in front of the worker", () => {
  test("drops a project that is first hosted, or withdrawn, in an index that anyone may read, and the answer says what remains", async () => {
    const { rig, purged } = rigOf(teamOf({}));
    expect((await upload(rig, await wheelOf())).text).toBe(`Published demo-1.0-py3-none-any.whl in team. ${EDGE}\n`);
    expect((await upload(rig, await wheelOf("demo", "2.0"))).text).toBe(
      "Published demo-2.0-py3-none-any.whl in team.\n",
    );
    expect(purged.splice(0)).toEqual([["project-demo"]]);
    for (const [method, path, body] of [
      ["POST", at("team", "demo", "1.0", "yank"), {}],
      ["PUT", at("team", "demo", "status"), { status: "quarantined" }],
      ["DELETE", at("team", "demo", "1.0"), {}],
    ] as const) {
      expect((await call(rig, method, path, body)).json?.["remains"]).toBe(`${EDGE} ${CLIENTS}`);
      expect(purged.splice(0)).toEqual([["project-demo"]]);
    }
    expect(
      (await call(rig, "PUT", at("team", "demo", "status"), { status: "active" })).json?.["remains"],
    ).toBeUndefined();
    expect(purged).toEqual([]);
  });

  test("has nothing of an index that needs a token", async () => {
    const { rig, purged } = rigOf();
    expect((await upload(rig, await wheelOf())).text).toBe("Published demo-1.0-py3-none-any.whl in team.\n");
    expect((await call(rig, "DELETE", at("team", "demo", "1.0"), {})).json?.["remains"]).toBe(CLIENTS);
    expect(purged).toEqual([]);
  });

  test("that cannot be purged is reported, and the write is answered", async () => {
    const { rig } = rigOf(teamOf({}));
    rig.edge = { purge: () => Promise.reject(new Error("five a minute")) };
    expect((await upload(rig, await wheelOf())).status).toBe(200);
    expect((await rig.get("/-/metrics", READER)).text()).toContain('pypi_edge_events_total{event="storage-failed"} 1');
  });
});
