import type { IncomingMessage } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import type { OpenSpool, Spool } from "../../../worker/platform/spool.ts";
import { SECOND } from "../../../worker/duration.ts";
import { openObjectFiles } from "../objects/support.ts";
import { begun, content, received, type MachineRig, type Received } from "./rig.ts";
import { testRig } from "./support.ts";

const MiB = 1024 * 1024;
const KiB = 1024;

const open = testRig();

afterEach(() => void vi.useRealTimers());

/** What a client gets, where the connection may be broken off before the answer begins. */
const attempt = (rig: MachineRig, headers: Record<string, string> = {}): Promise<Received> =>
  rig.ask("GET", headers).then(received, () => ({ status: 0, bytes: Buffer.alloc(0), isWhole: false }));

/** So many clients at once, with all that they get. */
const crowd = (rig: MachineRig, clients: number) => Promise.all(Array.from({ length: clients }, () => attempt(rig)));

/** The next client gets the right bytes, and nothing of the failure is left. */
async function expectRecovery(rig: MachineRig, bytes: Buffer) {
  expect(rig.stored()).toEqual([]);
  await vi.waitFor(() => expect(rig.partial()).toEqual([]), 20_000);
  rig.origin.publish(bytes);
  const next = await received(await rig.ask());
  expect([next.isWhole, next.bytes.equals(bytes), rig.origin.asked]).toEqual([true, true, ["GET"]]);
}

test.each([3 * MiB, 10])("an upstream that breaks off after %i bytes breaks all clients off", async (sent) => {
  const rig = await open();
  const bytes = content(6 * MiB);
  rig.origin.publish(bytes);
  rig.origin.breakAfter(sent);
  const answers = await crowd(rig, 5);
  expect(answers.map(({ isWhole }) => isWhole)).toEqual([false, false, false, false, false]);
  await expectRecovery(rig, bytes);
});

test("no client gets the end of a file that has a wrong digest", async () => {
  const rig = await open();
  const size = 6 * MiB;
  const bytes = content(size);
  rig.origin.publish(bytes);
  rig.origin.manner = (response) => void response.end(Buffer.alloc(size));
  for (const { isWhole, bytes: got } of await crowd(rig, 5)) {
    expect(isWhole).toBe(false);
    expect(got.byteLength).toBeLessThanOrEqual(size - 64 * KiB);
  }
  await expectRecovery(rig, bytes);
});

test("a file that fits one read is refused with a sentence, as no byte of it was given", async () => {
  const rig = await open();
  const bytes = content(1_000);
  rig.origin.publish(bytes);
  rig.origin.manner = (response) => void response.end(Buffer.alloc(1_000));
  const said =
    /sent other bytes of \S+ than its page lists, so it is neither served nor stored\. Try again in a minute/;
  for (const answer of await Promise.all(Array.from({ length: 5 }, () => rig.ask()))) {
    const { statusCode, statusMessage, headers } = answer;
    expect([statusCode, headers["cache-control"]]).toEqual([403, "no-store"]);
    expect(statusMessage).toMatch(said);
    const { bytes: body } = await received(answer);
    expect(JSON.parse(body.toString())).toMatchObject({ status: 403, detail: expect.stringMatching(said) });
  }
  await expectRecovery(rig, bytes);
});

test("nor does a client that asks for the end alone", async () => {
  const rig = await open();
  const bytes = content(6 * MiB);
  rig.origin.publish(bytes);
  const sendRest = rig.origin.sendFirst(2 * MiB, Buffer.alloc(6 * MiB));
  const first = await begun(await rig.ask());
  const end = attempt(rig, { Range: "bytes=-1000" });
  sendRest();
  expect([(await end).isWhole, (await end).bytes.byteLength]).toEqual([false, 0]);
  await received(first);
  await expectRecovery(rig, bytes);
});

test("an upstream that falls silent breaks all clients off after half a minute", async () => {
  const rig = await open();
  const bytes = content(6 * MiB);
  rig.origin.publish(bytes);
  rig.origin.sendFirst(2 * MiB);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const answers = [await rig.ask(), await rig.ask()];
  const counts = answers.map((answer) => countedBytes(answer));
  // The clock stands still until all that was sent has arrived.
  while (counts.some(({ size }) => size < 2 * MiB)) await nextTurn();
  await vi.advanceTimersByTimeAsync(29 * SECOND);
  expect(answers.map(({ destroyed }) => destroyed)).toEqual([false, false]);
  await vi.advanceTimersByTimeAsync(2 * SECOND);
  vi.useRealTimers();
  expect(await Promise.all(counts.map(({ isWhole }) => isWhole))).toEqual([false, false]);
  expect(rig.origin.asked).toEqual(["GET"]);
  await expectRecovery(rig, bytes);
});

/** How much of an answer has arrived, and, once its connection is closed, whether that is all. */
function countedBytes(answer: IncomingMessage) {
  const count = { size: 0, isWhole: new Promise((resolve) => answer.on("close", () => resolve(answer.complete))) };
  answer.on("error", () => undefined);
  answer.on("data", (chunk: Buffer) => (count.size += chunk.byteLength));
  return count;
}

const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;

test("200 clients that leave keep nothing open", async () => {
  const rig = await open();
  const bytes = content(6 * MiB);
  rig.origin.publish(bytes);
  await received(await rig.ask("HEAD"));
  const warnings: Error[] = [];
  const warned = (warning: Error) => void warnings.push(warning);
  process.on("warning", warned);
  const before = timers();
  const sendRest = rig.origin.sendFirst(2 * MiB);
  for (let round = 0; round < 10; round++) {
    const answers = await Promise.all(Array.from({ length: 20 }, async () => begun(await rig.ask())));
    for (const answer of answers) answer.destroy();
  }
  sendRest();
  await vi.waitFor(() => expect(rig.stored()).toHaveLength(1), 20_000);
  // The process has some of its own: of connections upstream, of what is written back, of this waiting.
  await vi.waitFor(() => expect([openObjectFiles(), timers() < before + 20]).toEqual([[], true]), 20_000);
  process.off("warning", warned);
  expect([warnings, rig.origin.asked]).toEqual([[], ["GET"]]);
});

test("without room for a spool each client is passed the upstream's file", async () => {
  const rig = await open(() => ({ openSpool: () => Promise.reject(new Error("the disk is full")) }));
  const bytes = content(300 * KiB);
  rig.origin.publish(bytes);
  for (const { isWhole, bytes: got } of await crowd(rig, 3)) expect([isWhole, got.equals(bytes)]).toEqual([true, true]);
});

test("where a spool loses bytes its clients are broken off, and others are passed the upstream's file", async () => {
  const rig = await open(({ openSpool }) => ({
    async openSpool(wanted) {
      const spool = await spoolOf(openSpool, wanted);
      let size = 0;
      const write = (chunk: Uint8Array) => {
        size += chunk.byteLength;
        return size > 3 * MiB ? Promise.reject(new Error("the disk is full")) : spool.write(chunk);
      };
      return new Proxy(spool, { get: (target, name) => (name === "write" ? write : bound(target, name)) });
    },
  }));
  const bytes = content(6 * MiB);
  rig.origin.publish(bytes);
  for (const { isWhole } of await crowd(rig, 3)) expect(isWhole).toBe(false);
  await vi.waitFor(() => expect(rig.partial()).toEqual([]), 20_000);
  const next = await received(await rig.ask());
  expect([next.isWhole, next.bytes.equals(bytes)]).toEqual([true, true]);
});

test("a store that fails in the end costs no client its file", async () => {
  const rig = await open(({ objects }) => ({
    objects: new Proxy(objects, {
      get: (target, name) =>
        name === "put" ? () => Promise.reject(new Error("the database is away")) : bound(target, name),
    }),
  }));
  const bytes = content(6 * MiB);
  rig.origin.publish(bytes);
  for (const { isWhole, bytes: got } of await crowd(rig, 3)) expect([isWhole, got.equals(bytes)]).toEqual([true, true]);
  expect(rig.stored()).toEqual([]);
  await vi.waitFor(() => expect([rig.partial(), openObjectFiles()]).toEqual([[], []]), 20_000);
});

const spoolOf = (openSpool: OpenSpool | null, wanted: Parameters<OpenSpool>[0]): Promise<Spool> =>
  openSpool?.(wanted) ?? Promise.reject(new Error("One machine has spools."));

/** A member of an object, with its methods bound to it, since a proxy has no private members. */
function bound(target: object, name: string | symbol): unknown {
  const member: unknown = Reflect.get(target, name, target);
  return typeof member === "function" ? member.bind(target) : member;
}
