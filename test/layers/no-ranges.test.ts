import { describe, expect, test } from "vitest";
import { bare, METADATA, METADATA_PATH, NAME, published, URL_OF_WHEEL, WHEEL } from "../support/bare.ts";
import { filePath, Rig } from "../support/rig.ts";

describe("the metadata of a wheel whose upstream gives no ranges", () => {
  test("asked for by many at once costs one transfer and one write of the wheel; the others are to come again", async () => {
    const rig = await published({ ranges: false, entry: { size: WHEEL.byteLength } });
    await rig.page("demo");
    rig.forget();
    const answers = await Promise.all([1, 2, 3, 4].map(() => rig.get(METADATA_PATH)));
    const others = answers.filter(({ status }) => status === 503);
    expect([others.length, others.map(({ headers }) => headers.get("Retry-After"))]).toEqual([3, ["1", "1", "1"]]);
    expect(rig.upstream.requests.filter((line) => line === `GET ${URL_OF_WHEEL}`)).toHaveLength(1);
    // The wheel and its metadata.
    expect(rig.counts["r2.put"]).toBe(2);
    expect((await rig.get(METADATA_PATH)).text()).toBe(METADATA);
  });

  test("makes no second transfer while a client has the wheel", async () => {
    const rig = await published({ ranges: false });
    await rig.page("demo");
    const { response, settled } = await rig.open(filePath(NAME));
    rig.forget();
    expect((await rig.get(METADATA_PATH)).status).toBe(503);
    expect(rig.upstream.requests).not.toContain(`GET ${URL_OF_WHEEL}`);
    await response.arrayBuffer();
    await settled();
    expect((await rig.get(METADATA_PATH)).text()).toBe(METADATA);
  });

  test.each([
    ["its page says the size", { size: WHEEL.byteLength }, 0],
    ["the host says the size", { size: undefined }, 1],
  ])("is left to the queue where the wheel is large and %s: 503 until it is stored", async (_who, entry, opened) => {
    const rig = await large(entry);
    expect((await rig.get(METADATA_PATH)).status).toBe(503);
    expect((await rig.get(METADATA_PATH)).status).toBe(503);
    const wholes = rig.upstream.requests.filter((line) => line === `GET ${URL_OF_WHEEL}`);
    expect([wholes.length, rig.queue.messages.length]).toEqual([opened, 1]);
    await rig.deliver();
    expect((await rig.get(METADATA_PATH)).text()).toBe(METADATA);
  });

  test("is transferred once up to the limit where the wheel's size is unknown", async () => {
    const rig = await large();
    let sent = 0;
    rig.upstream.on(URL_OF_WHEEL, ({ method }) => {
      let at = 0;
      const body = new ReadableStream({
        type: "bytes",
        pull(controller) {
          controller.enqueue(WHEEL.slice(at, at + 10_000));
          sent += 10_000;
          at += 10_000;
          if (at >= WHEEL.byteLength) controller.close();
        },
      });
      return new Response(method === "HEAD" ? null : body);
    });
    expect((await rig.get(METADATA_PATH)).status).toBe(503);
    expect([sent > LIMIT, rig.queue.messages.length]).toEqual([true, 1]);
    sent = 0;
    expect((await rig.get(METADATA_PATH)).status).toBe(503);
    expect([sent < LIMIT, rig.queue.messages.length]).toEqual([true, 1]);
    await rig.deliver();
    expect((await rig.get(METADATA_PATH)).text()).toBe(METADATA);
  });
});

const LIMIT = 100_000;

/** An index to which the wheel is a large one, over an upstream that gives no ranges. */
async function large(entry?: Record<string, unknown>): Promise<Rig> {
  const rig = new Rig({}, {}, { finishAlone: LIMIT, maxPut: 100_000_000 });
  await rig.upstream.publish("demo", [bare(NAME, WHEEL, { ranges: false, entry: entry ?? {} })]);
  return rig;
}
