import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { FillMessage } from "../../schema/fill.ts";
import { warmLine } from "../../schema/warm.ts";
import type { StoreProgress, StoreSummary } from "../../worker/locks/warm-report.ts";
import { asked, shelf, uvLock, type Package } from "../support/locked.ts";
import { FakeQueue } from "../support/queue.ts";
import { ADMIN_TOKEN, filePath, Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

const lockOf = (packages: readonly Package[]) => uvLock(packages.map(({ name, wheel }) => ({ name, files: [wheel] })));

/** Warms a lock; the queue is delivered whenever the worker waits. */
async function warm(rig: Rig, lock: BodyInit, query = "filename=uv.lock") {
  rig.meanwhile = () => rig.deliver();
  const answer = await rig.post(`warm?${query}`, lock);
  const lines = answer.status === 200 ? answer.text().trimEnd().split("\n") : [];
  const values = lines.map((line) => JSON.parse(line) as StoreProgress | StoreSummary);
  // As pypi-edge warm reads them.
  for (const value of values) expect(warmLine.parse(value)).toEqual(value);
  const [plan, ...progress] = values.slice(0, -1);
  expect(plan).toHaveProperty("plan");
  return { ...answer, progress: progress as StoreProgress[], summary: values.at(-1) as StoreSummary };
}

const open = (rig: Rig, lock: BodyInit) =>
  rig.open("/-/api/warm?filename=uv.lock", {
    method: "POST",
    body: lock,
    headers: { Authorization: `Bearer ${ADMIN_TOKEN}` },
  });

describe("warming a lock of 60 packages", () => {
  test("costs one upstream request for each page and file, and none a second time", async () => {
    const { rig, packages } = await shelf(60);
    const lock = await lockOf(packages);
    const { summary, headers } = await warm(rig, lock);
    expect(headers.get("Content-Type")).toBe("application/x-ndjson");
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(summary).toMatchObject({
      done: true,
      packages: 60,
      pages: 60,
      files: 60,
      metadata: 60,
      alreadyStored: 0,
      pending: [],
      elsewhere: [],
      unfit: [],
    });
    const expected = packages.flatMap(({ name, wheel }) => {
      const url = FakeUpstream.FILES + wheel.filename;
      return [`GET ${FakeUpstream.INDEX}${name}/`, `GET ${url}`, `GET ${url}.metadata`];
    });
    expect(asked(rig)).toEqual(Object.fromEntries(expected.map((line) => [line, 1])));

    rig.forget();
    rig.restart();
    const second = await warm(rig, lock);
    expect(second.summary).toMatchObject({ done: true, alreadyStored: 120, pending: [], seconds: 0 });
    expect([rig.upstream.requests, rig.queue.messages]).toEqual([[], []]);
    expect([rig.counts["r2.head"], rig.counts["r2.get"], rig.counts["r2.put"]]).toEqual([120, undefined, undefined]);
    expect(rig.counts["kv.put"]).toBeUndefined();

    // What an install asks for is there.
    rig.upstream.down = true;
    for (const { name, wheel } of packages.slice(0, 3)) {
      expect((await rig.page(name)).status).toBe(200);
      expect((await rig.get(filePath(wheel.filename))).body).toEqual(wheel.bytes);
      expect((await rig.get(`${filePath(wheel.filename)}.metadata`)).text()).toBe(wheel.metadata);
    }
  });

  test("reports each file when it is stored, and how many are", async () => {
    const { rig, packages } = await shelf(3);
    const { progress } = await warm(rig, await lockOf(packages));
    expect(progress[0]).toEqual({ stored: 0, of: 6 });
    const come = progress.filter(({ file }) => file !== undefined);
    expect(come.map(({ stored, of }) => [stored, of])).toEqual([1, 2, 3, 4, 5, 6].map((stored) => [stored, 6]));
    const names = packages.flatMap(({ wheel: { filename } }) => [filename, `${filename}.metadata`]);
    expect(new Set(come.map(({ file }) => file))).toEqual(new Set(names));
  });
});

describe("warming", () => {
  test("queues each file once, the wheels before their metadata, also where two entries name it", async () => {
    const { rig, packages } = await shelf(2);
    const twice = await uvLock(
      [...packages, ...packages].map(({ name, wheel, sdist }) => ({ name, files: [wheel, sdist] })),
    );
    await (await open(rig, twice)).response.body?.cancel();
    expect(rig.queue.messages.map(({ file, part }) => `${file.split("/").at(-1)} ${part}`)).toEqual([
      "p0-1.0.tar.gz file",
      "p0-1.0-py3-none-any.whl file",
      "p1-1.0.tar.gz file",
      "p1-1.0-py3-none-any.whl file",
      "p0-1.0-py3-none-any.whl metadata",
      "p1-1.0-py3-none-any.whl metadata",
    ]);
  });

  test("stores the pages first, so that the consumer does not fetch them again", async () => {
    const kept: number[] = [];
    const slow = new Proxy(env.PAGES, {
      get(target, property) {
        const value = Reflect.get(target, property) as (...args: unknown[]) => unknown;
        if (property !== "put") return value.bind(target);
        return async (...args: unknown[]) => {
          for (let turn = 0; turn < 30; turn++) await target.get("nothing");
          return value.apply(target, args);
        };
      },
    });
    class Queue extends FakeQueue<FillMessage> {
      override async sendBatch(messages: Iterable<MessageSendRequest<FillMessage>>) {
        kept.push((await env.PAGES.list()).keys.length);
        return super.sendBatch(messages);
      }
    }
    const { rig: shop, packages } = await shelf(3);
    const rig = new Rig({}, { keyValue: slow, fills: new Queue(), fetch: shop.upstream.fetch });
    expect((await rig.post("warm?filename=uv.lock", await lockOf(packages))).status).toBe(200);
    expect(kept).toEqual([3]);
  });

  test("takes the metadata that the upstream does not have from the stored wheel", async () => {
    const { rig, packages } = await shelf(1);
    const [one] = packages;
    if (!one) throw new Error("no package");
    const { metadata: _, ...wheel } = one.wheel;
    await rig.upstream.publish("p0", [{ ...wheel, ranges: true }]);
    const { summary } = await warm(rig, await lockOf(packages));
    expect(summary).toMatchObject({ done: true, files: 1, metadata: 1 });
    expect(asked(rig)).toEqual({
      [`GET ${FakeUpstream.INDEX}p0/`]: 1,
      [`GET ${FakeUpstream.FILES}${one.wheel.filename}`]: 1,
    });
  });

  test("ends when nothing was stored for five minutes, and the queue continues", async () => {
    const { rig, packages } = await shelf(3);
    const lock = await lockOf(packages);
    for (const { wheel } of packages)
      rig.upstream.on(FakeUpstream.FILES + wheel.filename, () => new Response(null, { status: 500 }));
    for (const { wheel } of packages)
      rig.upstream.on(`${FakeUpstream.FILES}${wheel.filename}.metadata`, () => new Response(null, { status: 500 }));
    const began = rig.now;
    const answer = await rig.post("warm?filename=uv.lock", lock);
    const summary = JSON.parse(answer.text().trimEnd().split("\n").at(-1) ?? "") as StoreSummary;
    expect(summary).toMatchObject({ done: false, alreadyStored: 0, seconds: 300 });
    expect(summary.pending).toHaveLength(6);
    expect(rig.now - began).toBe(300_000);
    // Four looks a second, after the first six and before the last.
    expect(rig.counts["r2.head"]).toBeLessThanOrEqual(6 + 4 * 300 + 6);
    expect(rig.queue.messages).toHaveLength(6);
    for (const { name, wheel, sdist } of packages) await rig.upstream.publish(name, [wheel, sdist]);
    await rig.deliver();
    rig.forget();
    expect((await warm(rig, lock)).summary).toMatchObject({ done: true, alreadyStored: 6 });
    expect(rig.upstream.requests).toEqual([]);
  });

  test("waits on where something comes at times, and is not held up by what never comes", async () => {
    const { rig, packages } = await shelf(12);
    const broken = packages.slice(0, 8).map(({ wheel }) => wheel.filename);
    for (const filename of broken)
      rig.upstream.on(FakeUpstream.FILES + filename, () => new Response(null, { status: 500 }));
    const lock = await lockOf(packages);
    let turns = 0;
    rig.meanwhile = () => {
      rig.wait(4_000);
      return ++turns % 50 === 0 ? rig.deliver(rig.queue.messages.splice(0, 10)) : undefined;
    };
    const answer = await rig.post("warm?filename=uv.lock", lock);
    const summary = JSON.parse(answer.text().trimEnd().split("\n").at(-1) ?? "") as StoreSummary;
    expect(summary.pending.toSorted()).toEqual(broken.toSorted());
    expect(summary.done).toBe(false);
  });

  test("checks every missing file before it ends", async () => {
    const { rig, packages } = await shelf(80);
    let turns = 0;
    rig.meanwhile = () => {
      turns += 1;
      rig.wait(4_000);
      if (turns === 59) return rig.deliver(rig.queue.messages.splice(150, 1));
      return turns === 61 ? rig.deliver() : undefined;
    };
    const answer = await rig.post("warm?filename=uv.lock", await lockOf(packages));
    expect(answer.text().trimEnd().split("\n").at(-1)).toContain('"done":true');
  });

  test("reports a file soon after it was stored, however slow the queue is", async () => {
    const { rig, packages } = await shelf(20);
    let seconds = 0;
    let delivered = 0;
    rig.meanwhile = async () => {
      if (++seconds % 9 > 0) return;
      delivered += (await rig.deliver(rig.queue.messages.splice(0, 1))).done;
    };
    const late: number[] = [];
    const { response, settled } = await open(rig, await lockOf(packages));
    for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      late.push(delivered - (JSON.parse(text) as StoreProgress).stored);
      if (delivered === 30) break;
    }
    await settled();
    expect(Math.max(...late.filter((missed) => !Number.isNaN(missed)))).toBeLessThanOrEqual(1);
  });

  test("stops checking when the client has disconnected", async () => {
    const { rig, packages } = await shelf(2);
    const { response, settled } = await open(rig, await lockOf(packages));
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await settled();
    const looks = rig.counts["r2.head"];
    for (let turn = 0; turn < 20; turn++) await scheduler.wait(1);
    expect(rig.counts["r2.head"]).toBe(looks);
    expect(rig.queue.messages).toHaveLength(4);
  });

  test("is 503 where the queue or the store fails before anything was reported", async () => {
    const { rig, packages } = await shelf(2);
    const lock = await lockOf(packages);
    rig.queue.down = true;
    const refused = await rig.post("warm?filename=uv.lock", lock);
    expect([refused.status, refused.text()]).toEqual([503, expect.stringContaining("could not be sent to the queue")]);
    rig.queue.down = false;
    rig.breakOnce("r2.head");
    expect((await rig.post("warm?filename=uv.lock", lock)).status).toBe(503);
    expect(rig.queue.messages).toEqual([]);
  });

  test("continues where one read of the store fails", async () => {
    const { rig, packages } = await shelf(1);
    let looks = 0;
    rig.meanwhile = () => (looks++ === 0 ? rig.breakOnce("r2.head") : rig.deliver());
    const answer = await rig.post("warm?filename=uv.lock", await lockOf(packages));
    expect(answer.text()).toContain('"done":true');
  });

  test("names the packages of which nothing fits, and leaves them out", async () => {
    const { rig } = await shelf(0);
    const wheel = (name: string, tags: string) => ({ filename: `${name}-1.0-${tags}.whl`, bytes: new Uint8Array([1]) });
    const files = [wheel("anywhere", "py3-none-any"), wheel("windows", "cp312-cp312-win_amd64")];
    const packages = files.map((file) => ({ name: file.filename.split("-")[0] ?? "", files: [file] }));
    for (const { name, files: own } of packages) await rig.upstream.publish(name, own);
    rig.meanwhile = () => rig.deliver();
    const query = "filename=uv.lock&python=3.12&platform=manylinux_2_28_x86_64";
    const { text } = await rig.post(`warm?${query}`, await uvLock(packages));
    expect(JSON.parse(text().trimEnd().split("\n").at(-1) ?? "")).toMatchObject({ files: 1, unfit: ["windows"] });
    const packed = await rig.post(`wheelhouse?${query}`, await uvLock(packages));
    expect([packed.status, packed.headers.get("X-Unfit")]).toEqual([200, "windows"]);
    const none = await rig.post(`wheelhouse?${query}`, await uvLock(packages.slice(1)));
    expect([none.status, none.text()]).toEqual([
      422,
      "uv.lock: no file would be in the wheelhouse: no file of windows fits that Python and platform.\n",
    ]);
  });

  test("names what comes from no index, and does nothing about it", async () => {
    const { rig, packages } = await shelf(1);
    const own = '[[package]]\nname = "mine"\nversion = "0.1"\nsource = { editable = "." }\n';
    const { summary } = await warm(rig, `${await lockOf(packages)}\n${own}`);
    expect(summary).toMatchObject({ done: true, packages: 1, elsewhere: ["mine"] });
  });
});

describe("an index of several sources", () => {
  const CORP = "https://upstream.test/corp/";
  const vars = {
    UPSTREAMS: { corp: { url: CORP, projects: ["p0"] }, pypi: { url: FakeUpstream.INDEX } },
    INDEXES: { default: { sources: ["pypi"] }, team: { sources: ["corp", "pypi"] } },
  };

  test("leaves each file to the source that owns its project", async () => {
    const { rig: shop, packages } = await shelf(2);
    const rig = new Rig(vars);
    for (const { name, wheel } of packages) {
      await rig.upstream.publish(name, [wheel]);
      rig.upstream.on(`${CORP}${name}/`, () => shop.upstream.get(`${FakeUpstream.INDEX}${name}/`));
    }
    rig.upstream.on(`${FakeUpstream.INDEX}p0/`, () => new Response("somebody else's", { status: 500 }));
    const { summary } = await warm(rig, await lockOf(packages), "filename=uv.lock&index=team");
    expect(summary).toMatchObject({ done: true, files: 2, metadata: 2 });
    expect(asked(rig)[`GET ${CORP}p0/`]).toBe(1);
    expect(Object.keys(asked(rig))).not.toContain(`GET ${FakeUpstream.INDEX}p0/`);
    expect(Object.keys(asked(rig))).not.toContain(`GET ${CORP}p1/`);
    rig.upstream.down = true;
    const served = await rig.get(`/team${filePath(packages[0]?.wheel.filename ?? "")}`);
    expect(served.headers.get("Cache-Status")).toMatch(/hit/);
  });
});
