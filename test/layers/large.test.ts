import { describe, expect, test } from "vitest";
import { sha256 } from "../support/upstream.ts";
import {
  BYTES,
  drain,
  largeRig,
  MESSAGE,
  SIZE,
  stored,
  stream,
  transfers,
  URL_OF_WHEEL,
  WHEEL_PATH,
} from "../support/large.ts";

const MINUTE = 60_000;

describe("a large file that is not stored", () => {
  test("is served with the headers of any other, written nowhere, and left to the queue by one message", async () => {
    const rig = await largeRig();
    const { status, headers, body } = await rig.get(WHEEL_PATH);
    expect([status, headers.get("Content-Length"), headers.get("ETag")]).toEqual([
      200,
      `${SIZE}`,
      `"${await sha256(BYTES)}"`,
    ]);
    expect(await sha256(body)).toBe(await sha256(BYTES));
    expect([rig.counts["r2.put"], rig.counts["r2.createMultipartUpload"]]).toEqual([undefined, undefined]);
    expect([rig.queue.messages, transfers(rig)]).toEqual([[MESSAGE], 1]);
  });

  test("comes from the store once its message was delivered, with the same headers", async () => {
    const rig = await largeRig();
    const cold = await rig.get(WHEEL_PATH);
    expect(await rig.deliver()).toEqual({ done: 1, delays: [] });
    rig.forget();
    const warm = await rig.get(WHEEL_PATH);
    expect([rig.counts, rig.upstream.requests]).toEqual([{ "r2.get": 1 }, []]);
    expect(await sha256(warm.body)).toBe(await sha256(BYTES));
    for (const name of ["ETag", "Last-Modified", "Content-Length", "Cache-Tag"]) {
      expect(warm.headers.get(name)).toBe(cold.headers.get(name));
    }
  });

  test("sixteen clients at once make sixteen transfers, one message and one more transfer", async () => {
    const rig = await largeRig();
    const answers = await Promise.all(Array.from({ length: 16 }, () => rig.open(WHEEL_PATH)));
    const bodies = await Promise.all(answers.map(({ response }) => drain(response)));
    await Promise.all(answers.map(({ settled }) => settled()));
    expect(bodies).toEqual(Array.from({ length: 16 }, () => ({ received: SIZE, broken: false })));
    expect([transfers(rig), rig.queue.messages]).toEqual([16, [MESSAGE]]);
    await rig.deliver();
    expect([transfers(rig), await stored()]).toEqual([17, [expect.stringContaining("demo-1.0")]]);
  });

  test("is not queued again for ten minutes, and then is: the message may have been lost", async () => {
    const rig = await largeRig();
    for (const wait of [0, MINUTE, 8 * MINUTE, 2 * MINUTE]) {
      rig.wait(wait);
      await rig.get(WHEEL_PATH);
    }
    expect([transfers(rig), rig.queue.messages]).toEqual([4, [MESSAGE, MESSAGE]]);
  });

  test("is served where the queue takes no message, and queued with the next request", async () => {
    const rig = await largeRig();
    rig.queue.down = true;
    expect((await rig.get(WHEEL_PATH)).body).toEqual(BYTES);
    rig.queue.down = false;
    expect((await rig.get(WHEEL_PATH)).body).toEqual(BYTES);
    expect(rig.queue.messages).toEqual([MESSAGE]);
  });

  test("breaks the client's transfer where its bytes are wrong", async () => {
    const rig = await largeRig({ hashes: { sha256: "0".repeat(64) } });
    const { response, settled } = await rig.open(WHEEL_PATH);
    const { received, broken } = await drain(response);
    await settled();
    expect([broken, received < SIZE, await stored()]).toEqual([true, true, []]);
  });

  test("is not read on for a client that leaves: nothing is stored, and the upstream's body is cancelled", async () => {
    const rig = await largeRig();
    let cancelled = false;
    let sent = 0;
    rig.upstream.on(URL_OF_WHEEL, () => {
      const body = new ReadableStream({
        type: "bytes",
        pull(controller) {
          controller.enqueue(BYTES.slice(sent, sent + 10_000));
          sent += 10_000;
          if (sent >= SIZE) controller.close();
        },
        cancel: () => void (cancelled = true),
      });
      return new Response(body);
    });
    const { response, settled } = await rig.open(WHEEL_PATH);
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await settled();
    expect([cancelled, sent < SIZE, await stored()]).toEqual([true, true, []]);
    expect(rig.queue.messages).toEqual([MESSAGE]);
  });

  test("asked for by HEAD is no reason to store it", async () => {
    const rig = await largeRig();
    expect((await rig.get(WHEEL_PATH, {}, "HEAD")).status).toBe(200);
    expect([rig.queue.messages, transfers(rig)]).toEqual([[], 0]);
  });
});

describe("a part of a large file that is not stored", () => {
  test("is passed on from upstream, and the whole left to the queue", async () => {
    const rig = await largeRig();
    rig.upstream.on(URL_OF_WHEEL, (request) =>
      request.headers.get("Range") === "bytes=1000-1999"
        ? new Response(BYTES.slice(1_000, 2_000), {
            status: 206,
            headers: { "Content-Range": `bytes 1000-1999/${SIZE}` },
          })
        : new Response(BYTES),
    );
    const part = await rig.get(WHEEL_PATH, { Range: "bytes=1000-1999" });
    expect([part.status, part.body]).toEqual([206, BYTES.slice(1_000, 2_000)]);
    expect([transfers(rig), rig.counts["r2.put"], rig.queue.messages]).toEqual([1, undefined, [MESSAGE]]);
    await rig.deliver();
    rig.forget();
    expect((await rig.get(WHEEL_PATH, { Range: "bytes=-500" })).body).toEqual(BYTES.slice(-500));
    expect(rig.upstream.requests).toEqual([]);
  });

  test("and the whole, and another part, asked for at once are one message", async () => {
    const rig = await largeRig();
    const ranges: Record<string, string>[] = [{ Range: "bytes=0-9" }, {}, { Range: "bytes=20-29" }];
    const answers = await Promise.all(ranges.map((headers) => rig.open(WHEEL_PATH, { headers })));
    await Promise.all(answers.map(({ response }) => drain(response)));
    await Promise.all(answers.map(({ settled }) => settled()));
    expect(rig.queue.messages).toEqual([MESSAGE]);
  });
});

describe("a file of unknown size", () => {
  test("and that turns out large is served whole, left out of the store, and left to the queue", async () => {
    const rig = await largeRig({ size: null });
    stream(rig, BYTES);
    expect(await sha256((await rig.get(WHEEL_PATH)).body)).toBe(await sha256(BYTES));
    expect([await stored(), rig.queue.messages]).toEqual([[], [MESSAGE]]);
    await rig.deliver();
    rig.forget();
    expect(await sha256((await rig.get(WHEEL_PATH)).body)).toBe(await sha256(BYTES));
    expect(rig.upstream.requests).toEqual([]);
  });

  test("and that turns out small is stored beside the answer", async () => {
    const small = BYTES.slice(0, 400_000);
    const rig = await largeRig({ size: null, hashes: { sha256: await sha256(small) } });
    stream(rig, small);
    expect((await rig.get(WHEEL_PATH)).body).toEqual(small);
    expect([(await stored()).length, rig.queue.messages]).toEqual([1, []]);
  });
});
