import { expect, test, vi } from "vitest";
import { begun, content, received } from "./rig.ts";
import { Origin } from "./origin.ts";
import { testRig } from "./support.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

const open = testRig();

test.each([
  [1, 30],
  [10 * KiB, 30],
  [300 * KiB, 30],
  [3 * MiB + 7, 30],
  [66 * MiB, 8],
])("a file of %i bytes that %i clients ask for at once is asked for once upstream", async (size, clients) => {
  const rig = await open();
  const bytes = content(size);
  rig.origin.publish(bytes);
  const answers = await Promise.all(Array.from({ length: clients }, async () => received(await rig.ask())));
  for (const { status, bytes: got, isWhole } of answers)
    expect([status, isWhole, got.equals(bytes)]).toEqual([200, true, true]);
  const { bytes: stored } = await received(await rig.ask());
  expect([stored.equals(bytes), rig.origin.asked]).toEqual([true, ["GET"]]);
  await vi.waitFor(() => expect(rig.partial()).toEqual([]), 20_000);
});

test.each([
  [10 * KiB, "memory"],
  [300 * KiB, "r2"],
])("a file of %i bytes that was just stored is given from %s", async (size, from) => {
  const rig = await open();
  const bytes = content(size);
  rig.origin.publish(bytes);
  await received(await rig.ask());
  await vi.waitFor(async () => {
    const again = await rig.ask();
    expect((await received(again)).bytes.equals(bytes)).toBe(true);
    expect(again.headers["cache-status"]).toBe(`pypi-edge; hit; detail=${from}`);
  }, 20_000);
  expect(rig.origin.asked).toEqual(["GET"]);
});

test.each([
  ["its page and the upstream say its size", {}, true],
  ["only the upstream says its size", { size: undefined }, true],
  ["only its page says its size", {}, false],
  ["neither says its size", { size: undefined }, false],
])("clients that come while a file arrives follow it, where %s", async (_, entry, isSized) => {
  const rig = await open();
  const bytes = content(6 * MiB);
  rig.origin.publish(bytes, entry);
  rig.origin.isSized = isSized;
  const sendRest = rig.origin.sendFirst(4 * MiB);
  const first = await begun(await rig.ask());
  const second = await begun(await rig.ask());
  sendRest();
  for (const { bytes: got, isWhole } of await Promise.all([first, second, await rig.ask()].map(received)))
    expect([isWhole, got.equals(bytes)]).toEqual([true, true]);
  expect(rig.origin.asked).toEqual(["GET"]);
});

test("a client has a file that its digest verifies before it is stored", async () => {
  const { promise: mayStore, resolve: store } = Promise.withResolvers<void>();
  const rig = await open(({ objects }) => ({
    objects: { ...objects, put: async (...put) => mayStore.then(() => objects.put(...put)) },
  }));
  const bytes = content(10 * KiB);
  rig.origin.publish(bytes);
  for (let client = 0; client < 2; client++) expect((await received(await rig.ask())).bytes.equals(bytes)).toBe(true);
  expect(rig.stored()).toEqual([]);
  store();
  await vi.waitFor(() => expect(rig.stored()).toHaveLength(1), 20_000);
  expect(rig.origin.asked).toEqual(["GET"]);
});

test("a client that had looked into the store before the fill began gets what the fill has stored", async () => {
  const { promise: late, resolve: answerPage } = Promise.withResolvers<void>();
  let looks = 0;
  const rig = await open(({ keyValue }) => ({
    keyValue: {
      ...keyValue,
      async getWithMetadata(...asked) {
        if ((looks += 1) === 1) await late;
        return keyValue.getWithMetadata(...asked);
      },
    },
  }));
  const bytes = content(300 * KiB);
  rig.origin.publish(bytes);
  const first = rig.ask().then(received);
  await vi.waitFor(() => expect(looks).toBe(1), 20_000);
  await received(await rig.ask());
  await vi.waitFor(() => expect(rig.partial()).toEqual([]), 20_000);
  answerPage();
  expect([(await first).bytes.equals(bytes), rig.origin.asked]).toEqual([true, ["GET"]]);
});

test("clients that ask at once for a page that is not stored have it asked for once upstream", async () => {
  let pages = 0;
  const { promise: late, resolve: answerPage } = Promise.withResolvers<void>();
  const rig = await open(({ fetch }) => ({
    async fetch(url, init) {
      if (url.pathname.endsWith("/simple/demo/")) pages += 1;
      await late;
      return fetch(url, init);
    },
  }));
  rig.origin.publish(content(10));
  const path = "/simple/demo/";
  const answers = Array.from({ length: 5 }, async () => fetch(`http://127.0.0.1:${rig.port}${path}`));
  await vi.waitFor(() => expect(pages).toBe(1), 20_000);
  answerPage();
  for (const answer of await Promise.all(answers)) expect(await answer.text()).toContain(Origin.FILENAME);
  expect(pages).toBe(1);
});

test("the first client leaves, and the others get the file", async () => {
  const rig = await open();
  const bytes = content(6 * MiB);
  rig.origin.publish(bytes);
  const sendRest = rig.origin.sendFirst(2 * MiB);
  const first = await begun(await rig.ask());
  const second = await begun(await rig.ask());
  first.destroy();
  sendRest();
  const { bytes: got, isWhole } = await received(second);
  expect([isWhole, got.equals(bytes), rig.origin.asked]).toEqual([true, true, ["GET"]]);
});

test("all clients leave, and the file is stored", async () => {
  const rig = await open();
  const bytes = content(6 * MiB);
  rig.origin.publish(bytes);
  const sendRest = rig.origin.sendFirst(2 * MiB);
  for (const answer of [await begun(await rig.ask()), await begun(await rig.ask())]) answer.destroy();
  sendRest();
  await vi.waitFor(() => expect(rig.stored()).toHaveLength(1), 20_000);
  const { bytes: got } = await received(await rig.ask());
  expect([got.equals(bytes), rig.origin.asked]).toEqual([true, ["GET"]]);
});

test("a client that does not read holds up neither the store nor the others", async () => {
  const rig = await open();
  const bytes = content(40 * MiB);
  rig.origin.publish(bytes);
  const slow = await begun(await rig.ask());
  const { bytes: got } = await received(await rig.ask());
  expect(got.equals(bytes)).toBe(true);
  await vi.waitFor(() => expect(rig.stored()).toHaveLength(1), 20_000);
  const late = await received(slow);
  expect([late.isWhole, late.bytes.equals(bytes), rig.origin.asked]).toEqual([true, true, ["GET"]]);
});

test("a queue's message for a file that a client is getting costs no request upstream", async () => {
  const rig = await open();
  rig.origin.publish(content(6 * MiB));
  const sendRest = rig.origin.sendFirst(2 * MiB);
  const first = await begun(await rig.ask());
  const delivered = rig.deliverFill();
  sendRest();
  expect(await delivered).toBe("acknowledged");
  await received(first);
  expect(rig.origin.asked).toEqual(["GET"]);
});

test("a client follows a fill that a queue's message has begun", async () => {
  const rig = await open();
  const bytes = content(6 * MiB);
  rig.origin.publish(bytes);
  const sendRest = rig.origin.sendFirst(2 * MiB);
  const delivered = rig.deliverFill();
  await vi.waitFor(() => expect(rig.origin.asked).toHaveLength(1));
  const client = await begun(await rig.ask());
  sendRest();
  const { bytes: got } = await received(client);
  expect([await delivered, got.equals(bytes), rig.origin.asked]).toEqual(["acknowledged", true, ["GET"]]);
});
