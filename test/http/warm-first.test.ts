import { describe, expect, test } from "vitest";
import { warmLine } from "../../schema/warm.ts";
import { asked, shelf, uvLock, type Package } from "../support/locked.ts";
import type { Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";
import { metadataText } from "../support/wheel.ts";

const lockOf = (packages: readonly Package[]) => uvLock(packages.map(({ name, wheel }) => ({ name, files: [wheel] })));

/** The lines of a warm; the queue is delivered whenever the worker waits. */
async function warm(rig: Rig, lock: BodyInit, query = "filename=uv.lock", meanwhile: () => unknown = () => undefined) {
  rig.meanwhile = async () => {
    await meanwhile();
    await rig.deliver();
  };
  const answer = await rig.post(`warm?${query}`, lock);
  const lines = answer.status === 200 ? answer.text().trimEnd().split("\n") : [];
  return { ...answer, lines: lines.map((line) => warmLine.parse(JSON.parse(line))) };
}

describe("before it fetches a file, a warm says", () => {
  test("how many files that is, and how large they are", async () => {
    const { rig, packages } = await shelf(3);
    const bytes = packages.reduce((total, { wheel }) => total + wheel.bytes.byteLength, 0);
    const { lines } = await warm(rig, await lockOf(packages));
    expect(lines[0]).toEqual({
      plan: {
        packages: 3,
        pages: 3,
        files: 3,
        metadata: 3,
        alreadyStored: 0,
        elsewhere: [],
        otherIndexes: [],
        unfit: [],
        bytes,
        unsized: 0,
        missing: 6,
        missingBytes: bytes,
        leftOut: 0,
      },
    });
    const again = await warm(rig, await lockOf(packages));
    expect(again.lines[0]).toMatchObject({ plan: { alreadyStored: 6, bytes, missing: 0, missingBytes: 0 } });
  });

  test("the size that the lock has where the page has none, and how many have no size at all", async () => {
    const { rig } = await shelf(0);
    const files = ["one", "two"].map((name) => ({
      filename: `${name}-1.0-py3-none-any.whl`,
      bytes: new Uint8Array([1]),
      entry: { size: undefined },
    }));
    await rig.upstream.publish("one", files.slice(0, 1));
    await rig.upstream.publish("two", files.slice(1));
    const lock = await uvLock(files.map((file, at) => ({ name: ["one", "two"][at] ?? "", files: [file] })));
    const sized = lock.replace(/(one-1\.0-py3-none-any\.whl", hash = "[^"]*")/, "$1, size = 12345");
    const { lines } = await warm(rig, sized, "filename=uv.lock&dry-run");
    expect(lines).toMatchObject([{ plan: { files: 2, bytes: 12_345, unsized: 1 } }]);
  });

  test("the same with dry-run, and then ends: nothing is queued, fetched or stored but pages", async () => {
    const { rig, packages } = await shelf(2);
    const { lines } = await warm(rig, await lockOf(packages), "filename=uv.lock&dry-run=true");
    expect(lines).toMatchObject([{ plan: { files: 2, metadata: 2, missing: 4 } }]);
    expect(rig.queue.messages).toEqual([]);
    expect(Object.keys(asked(rig))).toEqual(packages.map(({ name }) => `GET ${FakeUpstream.INDEX}${name}/`));
    expect(rig.counts["r2.put"]).toBeUndefined();
  });
});

test("the metadata of a locked version's files is stored for every platform, the files for the one that is named", async () => {
  const { rig } = await shelf(0);
  const file = (tags: string) => ({
    filename: `demo-1.0-${tags}.whl`,
    bytes: new TextEncoder().encode(tags),
    metadata: metadataText("demo"),
  });
  const own = file("cp312-cp312-manylinux_2_28_x86_64");
  const foreign = [file("cp312-cp312-win_amd64"), file("cp39-cp39-macosx_11_0_arm64")];
  await rig.upstream.publish("demo", [own, ...foreign]);
  const lock = await uvLock([{ name: "demo", files: [own, ...foreign] }]);
  const query = "filename=uv.lock&python=3.12&platform=manylinux_2_28_x86_64";
  const { lines } = await warm(rig, lock, query);
  expect(lines.at(-1)).toMatchObject({ done: true, files: 1, metadata: 3 });
  expect(Object.keys(asked(rig)).toSorted()).toEqual(
    [
      `GET ${FakeUpstream.INDEX}demo/`,
      `GET ${FakeUpstream.FILES}${own.filename}`,
      ...[own, ...foreign].map(({ filename }) => `GET ${FakeUpstream.FILES}${filename}.metadata`),
    ].toSorted(),
  );
});

describe("an upstream that pauses", () => {
  test("is waited for, with a line a second that says why, and then all is stored", async () => {
    const { rig, packages } = await shelf(3);
    rig.upstream.down = true;
    let seconds = 0;
    const { status, lines } = await warm(rig, await lockOf(packages), undefined, () => {
      rig.upstream.down = ++seconds < 240;
    });
    expect(status).toBe(200);
    const waiting = lines.filter((line) => "waiting" in line);
    expect(waiting.length).toBeGreaterThanOrEqual(240);
    expect(waiting[0]).toEqual({
      waiting: expect.stringContaining("upstream.test cannot be used right now"),
      read: 0,
      of: 3,
    });
    expect(lines.at(-1)).toMatchObject({ done: true, files: 3 });
    // One page is tried at a time, so that a host that is down is not asked for every page again and again.
    expect(rig.upstream.requests.length).toBeLessThan(200);
  });

  test("for longer than five minutes ends it with a sentence", async () => {
    const { rig, packages } = await shelf(2);
    rig.upstream.down = true;
    const began = rig.now;
    const { status, lines } = await warm(rig, await lockOf(packages));
    expect(status).toBe(200);
    expect(lines.at(-1)).toEqual({
      problem: {
        status: 503,
        title: "Upstream unavailable",
        detail: expect.stringContaining("upstream.test cannot be used right now"),
      },
    });
    expect(rig.now - began).toBe(300_000);
    expect(rig.queue.messages).toEqual([]);
  });

  test("does not hide a fault of the lock: that is the last line", async () => {
    const { rig, packages } = await shelf(2);
    const lock = (await lockOf(packages)).replaceAll(/sha256:\w{64}/g, `sha256:${"0".repeat(64)}`);
    rig.upstream.down = true;
    const { lines } = await warm(rig, lock, undefined, () => {
      rig.upstream.down = false;
    });
    expect(lines.at(-1)).toMatchObject({
      problem: { status: 422, detail: expect.stringContaining("two different files") },
    });
  });

  test("is not waited for where it has answered, and to wait would not help", async () => {
    const { rig, packages } = await shelf(1);
    rig.upstream.on(`${FakeUpstream.INDEX}p0/`, () => new Response(null, { status: 403 }));
    const { status, text } = await warm(rig, await lockOf(packages));
    expect([status, text()]).toEqual([503, expect.stringContaining("it answered 403")]);
  });
});

function wheelOf(of: Package | undefined) {
  if (!of) throw new Error("no package");
  return of.wheel;
}

describe("a file that cannot be stored", () => {
  test.each([
    ["the upstream does not have it", () => new Response(null, { status: 404 }), "does not have"],
    ["the upstream refuses it", () => new Response(null, { status: 403 }), "it answered 403"],
    ["the upstream sends other bytes", (size: number) => new Response(new Uint8Array(size)), "sent other bytes of"],
  ])("is not waited for where %s: the summary says why, and the others are stored", async (_why, answered, said) => {
    const { rig, packages } = await shelf(3);
    const broken = wheelOf(packages[1]);
    rig.upstream.on(FakeUpstream.FILES + broken.filename, () => answered(broken.bytes.byteLength));
    const began = rig.now;
    const { lines } = await warm(rig, await lockOf(packages));
    expect(lines.at(-1)).toMatchObject({ done: false, pending: [broken.filename] });
    expect(lines.at(-1)).toHaveProperty("reasons", [expect.stringContaining(broken.filename)]);
    expect(lines.at(-1)).toHaveProperty("reasons", [expect.stringContaining(said)]);
    expect(lines.filter((line) => "file" in line)).toHaveLength(5);
    expect(rig.now - began).toBeLessThan(60_000);
  });

  test.each([
    ["the upstream does not have it", () => new Response(null, { status: 404 }), "does not have"],
    ["the upstream refuses it", () => new Response(null, { status: 403 }), "it answered 403"],
    ["the upstream sends other bytes", () => new Response("other bytes"), "sent other bytes of"],
  ])("of more than 64 MB is not waited for either, where %s", async (_why, answered, said) => {
    const { rig, packages } = await shelf(2);
    const broken = { ...wheelOf(packages[1]), entry: { size: 100_000_000 } };
    await rig.upstream.publish("p1", [broken]);
    rig.upstream.on(FakeUpstream.FILES + broken.filename, () => answered());
    const began = rig.now;
    const { lines } = await warm(rig, await lockOf(packages));
    expect(lines.at(-1)).toMatchObject({ done: false, pending: [broken.filename] });
    expect(lines.at(-1)).toHaveProperty("reasons", [expect.stringContaining(broken.filename)]);
    expect(lines.at(-1)).toHaveProperty("reasons", [expect.stringContaining(said)]);
    expect(rig.now - began).toBeLessThan(60_000);
  });

  test("of more than 64 MB is asked for by its first byte alone, and waited for where the upstream has it", async () => {
    const { rig, packages } = await shelf(1);
    const large = { ...wheelOf(packages[0]), ranges: true, entry: { size: 100_000_000 } };
    await rig.upstream.publish("p0", [large]);
    let seconds = 0;
    rig.meanwhile = () => (++seconds === 200 ? rig.deliver() : undefined);
    const answer = await rig.post("warm?filename=uv.lock", await lockOf(packages));
    expect(answer.text()).toContain('"done":true');
    const [whole, ...probes] = rig.upstream.requests
      .filter((line) => line.includes(`${large.filename} `) || line.endsWith(large.filename))
      .toReversed();
    expect(whole).toBe(`GET ${FakeUpstream.FILES}${large.filename}`);
    expect(new Set(probes)).toEqual(new Set([`${whole} bytes=0-0`]));
    // Each half minute but the one in which the metadata is stored; two requests each, since the page has another size.
    expect(probes).toHaveLength(2 * 5);
  });

  test("takes with it the metadata that would be read from it", async () => {
    const { rig, packages } = await shelf(2);
    const { metadata: _, ...wheel } = wheelOf(packages[1]);
    const broken = { ...wheel, filename: "p1-1.0-py2.py3-none-any.whl" };
    await rig.upstream.publish("p1", [broken]);
    rig.upstream.on(FakeUpstream.FILES + broken.filename, () => new Response(new Uint8Array(broken.bytes.byteLength)));
    const began = rig.now;
    const lock = await uvLock([{ name: "p1", files: [broken] }]);
    const { lines } = await warm(rig, lock);
    expect(lines.at(-1)).toMatchObject({ done: false, pending: [broken.filename, `${broken.filename}.metadata`] });
    expect(lines.at(-1)).toHaveProperty("reasons", [expect.stringContaining("sent other bytes of")]);
    expect(rig.now - began).toBeLessThan(60_000);
  });

  test("is waited for where its upstream fails, and the summary says what was tried", async () => {
    const { rig, packages } = await shelf(2);
    const broken = wheelOf(packages[1]);
    rig.upstream.on(FakeUpstream.FILES + broken.filename, () => new Response(null, { status: 500 }));
    const began = rig.now;
    const { lines } = await warm(rig, await lockOf(packages));
    expect(lines.at(-1)).toMatchObject({ done: false, pending: [broken.filename] });
    expect(lines.at(-1)).toHaveProperty("reasons", [expect.stringContaining("it answered 500")]);
    expect(rig.now - began).toBeGreaterThanOrEqual(300_000);
  });

  test("is stored by the warm itself where the queue does not come to it", async () => {
    const { rig, packages } = await shelf(1);
    rig.meanwhile = () => undefined;
    const answer = await rig.post("warm?filename=uv.lock", await lockOf(packages));
    expect(answer.text()).toContain('"done":true');
    expect(rig.queue.messages).toHaveLength(2);
  });
});
