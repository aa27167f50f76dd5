import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { orphansIn } from "../../worker/storage/r2/orphans.ts";
import { at, call, freshKey, host, hosted, INDEXES, team } from "../support/releases.ts";
import { Rig } from "../support/rig.ts";
import { DAY, HOUR, inStore, store } from "../support/swept.ts";

const WHEEL = "demo-1.0-py3-none-any.whl";
const LATER = Date.now() + 10 * 365 * DAY;
const EVER = { "hosted/": LATER, "staging/": LATER };

/** R2 says when something was put by its own clock: ours is 31 days and a bit, a day and a bit, or an hour, behind that. */
const aMonthLater = (rig: Rig) => rig.wait(Date.now() + 31 * DAY + HOUR - rig.now);
const aDayLater = (rig: Rig) => rig.wait(Date.now() + DAY + HOUR - rig.now);
const anHourLater = (rig: Rig) => rig.wait(Date.now() + HOUR - rig.now);

async function clean(rig: Rig, dryRun = false): Promise<string[]> {
  const { text, status } = await rig.post(`jobs/clean${dryRun ? "?dry-run" : ""}`);
  expect([status, text()]).toEqual([200, expect.any(String)]);
  return (JSON.parse(text()) as { did: string[] }).did;
}

const DIGEST = "ab".repeat(32);

/** Puts an object that no row has, and its metadata. */
async function orphan(key = freshKey(DIGEST)): Promise<string> {
  await env.FILES.put(key, "orphaned");
  await env.FILES.put(`${key}.metadata`, "orphaned");
  return key;
}

/** What happens right before an operation of a binding, once. */
function before<Binding extends object>(binding: Binding, operation: string, happens: () => Promise<unknown>): Binding {
  let done = false;
  return new Proxy(binding, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      if (property !== operation) return value.bind(target) as unknown;
      return async (...args: unknown[]): Promise<unknown> => {
        const answer: unknown = await Reflect.apply(value, target, args);
        if (!done) await happens();
        done = true;
        return answer;
      };
    },
  });
}

describe("bytes that no file is made of", () => {
  test("are deleted with their metadata when the database can no longer be restored to the time before them, and no others", async () => {
    const rig = team();
    const { object } = await host("team", WHEEL);
    const gone = await orphan();
    await env.FILES.put("staging/0123456789abcdef", "half of it");
    const mirrored = await store(rig, "mirrored");
    anHourLater(rig);
    expect((await clean(rig))[0]).toBe("5 objects of uploads were checked; there is none to delete.");
    aDayLater(rig);
    expect((await clean(rig))[0]).toBe("1 of 5 objects of uploads (10 B) belongs to no file; it was deleted.");
    aMonthLater(rig);
    expect(await clean(rig)).toEqual([
      "2 of 4 objects of uploads (16 B) belong to no file; they were deleted.",
      "0 unfinished uploads that began more than a day ago were cancelled.",
      "0 tokens that ended long ago were deleted.",
    ]);
    expect(await inStore()).toEqual([mirrored, object, `${object}.metadata`]);
    expect(await inStore()).not.toContain(gone);
    expect((await clean(rig))[0]).toBe("2 objects of uploads were checked; there is none to delete.");
  });

  test("are those of a deleted file", async () => {
    const rig = team();
    await host("team", WHEEL);
    await call(rig, "DELETE", at("team", "demo", "1.0"));
    aMonthLater(rig);
    await clean(rig);
    expect([await inStore(), (await hosted("team")).length]).toEqual([[], 1]);
  });

  test("are not those of a file that another index has by reference alone", async () => {
    const rig = team();
    const { object } = await host("team", WHEEL);
    await call(rig, "POST", at("team", "demo", "1.0", "promote"), { to: "prod" });
    await call(rig, "DELETE", at("team", "demo", "1.0"));
    await host("scratch", WHEEL, { object });
    await call(rig, "DELETE", at("scratch", "demo", "1.0"));
    aMonthLater(rig);
    await clean(rig);
    expect(await inStore()).toEqual([object, `${object}.metadata`]);
    await call(rig, "DELETE", at("prod", "demo", "1.0"));
    rig.wait(31 * DAY + 1);
    await clean(rig);
    expect(await inStore()).toEqual([]);
  });

  test("are not those of an old file that was deleted a short time ago: the database may be restored to before that", async () => {
    const rig = team();
    await host("team", WHEEL);
    await host("scratch", WHEEL, { text: "other bytes" });
    const all = await inStore();
    aMonthLater(rig);
    for (const index of ["team", "scratch"]) await call(rig, "DELETE", at(index, "demo", "1.0"));
    rig.wait(31 * DAY);
    await clean(rig);
    expect(await inStore()).toEqual(all);
    rig.wait(1);
    await clean(rig);
    expect([await inStore(), (await env.DB.prepare("SELECT * FROM unlinked_object").all()).results]).toEqual([[], []]);
  });

  test("are not those that became a file's after they were listed", async () => {
    const { object } = await host("team", WHEEL);
    const late = await orphan();
    const publish = () => host("prod", "late-1.0-py3-none-any.whl", { object: late });
    const rig = new Rig({ INDEXES }, { objects: before(env.FILES, "list", publish) });
    aMonthLater(rig);
    await clean(rig);
    expect(new Set(await inStore())).toEqual(new Set([object, `${object}.metadata`, late, `${late}.metadata`]));
  });

  test("stay where their key is none that an upload makes", async () => {
    const rig = team();
    await host("team", WHEEL);
    const others = ["hosted/readme.txt", `hosted/${DIGEST}/x/y`, `hosted/${DIGEST}`, "hostedx/a", "staging/a/b"];
    for (const key of others) await env.FILES.put(key, "somebody's");
    aMonthLater(rig);
    await clean(rig);
    expect(await inStore()).toEqual(expect.arrayContaining(others));
  });

  test("are those of an upload in parts that have become one, and were never published", async () => {
    const rig = team();
    await env.FILES.put("staging/my-team.0123456789abcdef", "all of it");
    aDayLater(rig);
    await clean(rig);
    expect(await inStore()).toEqual([]);
  });

  test("are named by a dry run, which changes nothing", async () => {
    const rig = team();
    await host("team", WHEEL);
    const keys = [await orphan(), await orphan()];
    aMonthLater(rig);
    const all = await inStore();
    expect(await clean(rig, true)).toEqual([
      "4 of 6 objects of uploads (32 B) belong to no file; they would be deleted.",
      ...keys.flatMap((key) => [`${key}, 8 B`, `${key}.metadata, 8 B`]),
      "0 unfinished uploads that began more than a day ago would be cancelled.",
      "0 tokens that ended long ago would be deleted.",
    ]);
    expect([await inStore(), (await env.DB.prepare("SELECT * FROM listing").all()).results]).toEqual([all, []]);
  });

  test("are deleted by the cron, too", async () => {
    const rig = team();
    await host("team", WHEEL);
    await orphan();
    aMonthLater(rig);
    await rig.tick("0 * * * *");
    expect(await inStore()).toHaveLength(2);
  });
});

describe("nothing is deleted where the database's answer is not reliable", () => {
  /** A database that answers what is asked about owners in another way. */
  const answering = (change: (rows: Record<string, unknown>[]) => Record<string, unknown>[]) =>
    new Proxy(env.DB, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property);
        if (typeof value !== "function") return value;
        if (property !== "prepare") return value.bind(target) as unknown;
        return (sql: string) => {
          const statement = target.prepare(sql);
          if (!sql.includes("AS owned")) return statement;
          return {
            bind: (...values: unknown[]) => ({
              async all() {
                const answer = await statement.bind(...values).all();
                return { ...answer, results: change(answer.results) };
              },
            }),
          };
        };
      },
    });

  async function left(database: D1Database) {
    await host("team", WHEEL);
    await orphan();
    await orphan();
    const rig = new Rig({ INDEXES }, { database: database });
    aMonthLater(rig);
    const { status, text } = await rig.post("jobs/clean");
    return { status, text: text(), keys: await inStore(), rig };
  }

  test.each([
    ["is cut short", (rows: Record<string, unknown>[]) => rows.slice(0, 1), /answered for only some of them/],
    ["is empty", () => [], /answered for only some of them/],
    ["has others in it", (rows: Record<string, unknown>[]) => rows.map((row) => ({ ...row, object: "x" })), /some of/],
  ])("where the database's answer %s", async (_what, change, sentence) => {
    const { status, text, keys } = await left(answering(change));
    expect([status, text, keys.length]).toEqual([200, expect.stringMatching(sentence), 6]);
    expect((await env.DB.prepare("SELECT * FROM listing WHERE after <> ''").all()).results).toEqual([]);
  });

  test("where the database cannot be asked", async () => {
    const { status, keys } = await left(
      answering(() => {
        throw new Error("D1 is away");
      }),
    );
    expect([status, keys.length]).toEqual([500, 6]);
  });

  test("where it has no file at all: it may have been emptied, or be another one", async () => {
    const rig = team();
    await orphan();
    await env.FILES.put("staging/0123456789abcdef", "half of it");
    aMonthLater(rig);
    expect(await clean(rig)).toContain(
      "No more objects below hosted/ are deleted: the database has no files at all, so it may have lost them.",
    );
    expect(await inStore()).toHaveLength(2);
  });

  test("and where R2 fails to delete, the next run does it", async () => {
    const rig = team();
    await host("team", WHEEL);
    await orphan();
    aMonthLater(rig);
    rig.breakOnce("r2.delete");
    await rig.tick("0 * * * *");
    expect(await inStore()).toHaveLength(4);
    await rig.tick("0 * * * *");
    expect(await inStore()).toHaveLength(2);
  });
});

describe("many of them", () => {
  const some = (count: number) => Promise.all(Array.from({ length: count }, () => orphan()));

  test.each([1, 2, 3, 5])("are deleted run by run, %i keys at once, and those of files stay", async (batch) => {
    const kept = [];
    for (let n = 0; n < 4; n++) {
      await some(3);
      kept.push((await host("team", `demo-${n}.0-py3-none-any.whl`, { sha256: DIGEST })).object ?? "");
    }
    const cleanup = orphansIn(env.DB, env.FILES, { batch, listings: 2 });
    let runs = 0;
    for (; (await inStore()).length > 8; runs++) {
      const { seen, deleted } = await cleanup.objects(EVER, false);
      expect(seen).toBeLessThanOrEqual(2 * batch);
      for (const { key } of deleted) expect(kept).not.toContain(key.replace(".metadata", ""));
    }
    expect(runs).toBe(Math.ceil(30 / (2 * batch)));
    expect(new Set(await inStore())).toEqual(new Set(kept.flatMap((key) => [key, `${key}.metadata`])));
  });

  test("are listed from the beginning again at the end: an object added before the position is found by a later run", async () => {
    await host("team", WHEEL);
    const cleanup = orphansIn(env.DB, env.FILES, { batch: 2, listings: 1 });
    await some(4);
    await cleanup.objects(EVER, false);
    await orphan(`hosted/${"00".repeat(32)}/0000000000000000`);
    for (let n = 0; n < 8; n++) await cleanup.objects(EVER, false);
    expect(await inStore()).toHaveLength(2);
  });
});

describe("uploads in parts", () => {
  async function begun(id: string, time: number) {
    const { uploadId } = await env.FILES.createMultipartUpload(`staging/${id}`);
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO upload (id, index_name, actor, filename, size, sha256, part_size, multipart, begun_at)
         VALUES (?1, 'team', 't1', ?2, 1, 'ab', 1, ?3, ?4)`,
      ).bind(id, `${id}.whl`, uploadId, time),
      env.DB.prepare("INSERT INTO upload_part (upload, number, etag) VALUES (?1, 1, 'etag')").bind(id),
    ]);
    return () => env.FILES.resumeMultipartUpload(`staging/${id}`, uploadId).uploadPart(1, "x");
  }

  const left = async () => [
    (await env.DB.prepare("SELECT id FROM upload").all<{ id: string }>()).results.map(({ id }) => id),
    (await env.DB.prepare("SELECT upload FROM upload_part").all<{ upload: string }>()).results.map((row) => row.upload),
  ];

  test("that were begun a day ago are aborted in R2 and D1, and younger ones continue", async () => {
    const rig = team();
    const old = await begun("old", rig.now - DAY - 1);
    const young = await begun("young", rig.now - DAY);
    expect(await clean(rig, true)).toEqual(
      expect.arrayContaining(["1 unfinished upload that began more than a day ago would be cancelled.", "old.whl"]),
    );
    expect(await left()).toEqual([
      ["old", "young"],
      ["old", "young"],
    ]);
    expect(await clean(rig)).toContain("1 unfinished upload that began more than a day ago was cancelled.");
    expect(await left()).toEqual([["young"], ["young"]]);
    await expect(old()).rejects.toThrow(/10024/);
    await young();
  });

  test("stay for the next run where R2 cannot abort them, until the week after which R2 does by itself", async () => {
    const stuck = new Proxy(env.FILES, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property);
        if (typeof value !== "function") return value;
        if (property !== "resumeMultipartUpload") return value.bind(target) as unknown;
        return (key: string, uploadId: string) => {
          if (key.startsWith("staging/stuck")) return { abort: () => Promise.reject(new Error("R2 is away")) };
          return target.resumeMultipartUpload(key, uploadId);
        };
      },
    });
    const rig = new Rig({ INDEXES }, { objects: stuck });
    await begun("stuck", rig.now - 8 * DAY);
    await begun("stuck-for-good", rig.now - 8 * DAY - 1);
    await begun("old", rig.now - 2 * DAY);
    expect(await clean(rig)).toContain("The upload of stuck.whl could not be cancelled: R2 is away");
    expect(await left()).toEqual([["stuck"], ["stuck"]]);
  });
});

test("tokens are deleted 90 days after they expired or were revoked", async () => {
  const rig = team();
  const token = (id: string, expires: number | null, revoked: number | null) =>
    env.DB.prepare(
      `INSERT INTO token (id, name, hash, index_name, scopes, created_at, created_by, expires_at, revoked_at)
       VALUES (?1, ?1, 'h', 'team', '["read"]', 0, 'admin', ?2, ?3)`,
    ).bind(id, expires, revoked);
  const limit = rig.now - 90 * DAY;
  await env.DB.batch([
    token("for-good", null, null),
    token("expired", limit - 1, null),
    token("revoked", null, limit - 1),
    token("revoked-before-it-expires", rig.now + DAY, limit - 1),
    token("expired-lately", limit, null),
    token("revoked-lately", null, limit),
    token("good", rig.now + DAY, null),
  ]);
  expect(await clean(rig, true)).toContain("3 tokens that ended long ago would be deleted.");
  expect(await clean(rig)).toContain("3 tokens that ended long ago were deleted.");
  const { results } = await env.DB.prepare("SELECT id FROM token ORDER BY id").all<{ id: string }>();
  expect(results.map(({ id }) => id)).toEqual(["expired-lately", "for-good", "good", "revoked-lately"]);
});
