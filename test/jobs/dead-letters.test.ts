import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { deliver } from "../support/queue.ts";
import { READER } from "../support/hosted.ts";
import { JSON_TYPE, Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

const SOURCE = encodeURIComponent(FakeUpstream.INDEX);
const FILL = { source: SOURCE, file: "files.upstream.test/packages/demo-1.0.tar.gz", part: "file" } as const;
const REFRESH = { source: SOURCE, projects: ["demo"], cause: "popular" } as const;

const fillDies = (rig: Rig, ...messages: unknown[]) => deliver("pypi-edge-fills-dead", messages, rig.services, rig.now);
const refreshDies = (rig: Rig, ...messages: unknown[]) =>
  deliver("pypi-edge-refreshes-dead", messages, rig.services, rig.now);

const kept = async () => {
  const { results } = await env.DB.prepare("SELECT queue, body, died_at FROM dead_letter ORDER BY queue, body").run();
  return results;
};

const replay = async (rig: Rig, query = "") => {
  const answer = await rig.post(`jobs/replay${query}`);
  return (JSON.parse(answer.text()) as { did: string[] }).did;
};

describe("a dead letter", () => {
  test("is stored unchanged, and once however often it is delivered", async () => {
    const rig = new Rig();
    expect(await fillDies(rig, FILL)).toEqual({ done: 1, delays: [] });
    const { now } = rig;
    rig.wait(1_000);
    expect(await fillDies(rig, FILL)).toEqual({ done: 1, delays: [] });
    expect(await kept()).toEqual([{ queue: "pypi-edge-fills", body: JSON.stringify(FILL), died_at: now }]);
  });

  test.each([null, undefined, "text", {}, 7])(
    "is stored where its body is %j, which no consumer can read",
    async (body) => {
      const rig = new Rig();
      expect(await refreshDies(rig, body)).toEqual({ done: 1, delays: [] });
      expect(await kept()).toHaveLength(1);
    },
  );

  test("is delivered again while the database is away, later each time, and others of its batch are stored", async () => {
    const rig = new Rig();
    rig.breakOnce("d1.prepare");
    expect(await fillDies(rig, FILL, { ...FILL, part: "metadata" })).toEqual({ done: 1, delays: [30] });
    rig.breakOnce("d1.prepare");
    expect((await deliver("pypi-edge-fills-dead", [FILL], rig.services, rig.now, 15)).delays).toEqual([12 * 3_600]);
    expect(await kept()).toHaveLength(1);
  });

  test("is counted, by the queues that there are", async () => {
    const rig = new Rig();
    const figures = async () =>
      (await rig.get("/-/metrics", READER))
        .text()
        .split("\n")
        .filter((line) => line.startsWith("pypi_edge_dead"));
    expect(await figures()).toEqual([
      'pypi_edge_dead_letters{queue="fills"} 0',
      'pypi_edge_dead_letters{queue="refreshes"} 0',
      'pypi_edge_dead_letters{queue="notices"} 0',
    ]);
    await fillDies(rig, FILL, { ...FILL, part: "metadata" });
    await refreshDies(rig, REFRESH);
    await env.DB.exec("INSERT INTO dead_letter VALUES ('1', 'another', 'null', 1)");
    expect(await figures()).toEqual([
      'pypi_edge_dead_letters{queue="fills"} 2',
      'pypi_edge_dead_letters{queue="refreshes"} 1',
      'pypi_edge_dead_letters{queue="notices"} 0',
    ]);
  });
});

describe("replay", () => {
  test("sends each to its queue unchanged, and deletes it", async () => {
    const rig = new Rig();
    await fillDies(rig, FILL);
    await refreshDies(rig, REFRESH);
    expect(await replay(rig)).toEqual([
      "1 message was sent to the queue fills again.",
      "1 message was sent to the queue refreshes again.",
    ]);
    expect([rig.queue.messages, rig.refreshes.messages, await kept()]).toEqual([[FILL], [REFRESH], []]);
    expect(await replay(rig)).toEqual(["There are no dead letters."]);
  });

  test("sends those of a deployment whose queues had other names to the queues here", async () => {
    const rig = new Rig();
    await deliver("acme-fills-dead", [FILL], rig.services, rig.now);
    await fillDies(rig, { ...FILL, part: "metadata" });
    expect(await replay(rig)).toEqual(["2 messages were sent to the queue fills again."]);
    expect([rig.queue.messages.length, await kept()]).toEqual([2, []]);
  });

  test("does what the upstream refused before", async () => {
    const rig = new Rig();
    await refreshDies(rig, REFRESH);
    await rig.upstream.publish("demo", []);
    await replay(rig);
    expect(await rig.deliverRefreshes()).toEqual({ done: 1, delays: [] });
    rig.upstream.down = true;
    expect((await rig.get("/simple/demo/", { Accept: JSON_TYPE })).status).toBe(200);
  });

  test("sends hundreds", async () => {
    const rig = new Rig();
    await fillDies(rig, ...Array.from({ length: 120 }, (_, at) => ({ ...FILL, file: `f/${at}` })));
    expect(await replay(rig)).toEqual(["120 messages were sent to the queue fills again."]);
    expect([rig.queue.messages.length, await kept()]).toEqual([120, []]);
  });

  test("keeps a message that its queue does not accept, and reports it", async () => {
    const rig = new Rig();
    await fillDies(rig, FILL);
    rig.queue.down = true;
    expect(await replay(rig)).toEqual([
      "The queue fills did not accept a message: the queue is away. It is kept, and so are those that were not sent yet.",
    ]);
    rig.queue.down = false;
    await replay(rig);
    expect([rig.queue.messages, await kept()]).toEqual([[FILL], []]);
  });

  test("can be asked what it would do, and does nothing then", async () => {
    const rig = new Rig();
    await fillDies(rig, FILL);
    expect(await replay(rig, "?dry-run=true")).toEqual(["1 message would be sent to the queue fills again."]);
    expect([rig.queue.messages, (await kept()).length]).toEqual([[], 1]);
  });
});

test("no job is found by a name that every object has", async () => {
  expect((await new Rig().post("jobs/constructor")).status).toBe(404);
});
