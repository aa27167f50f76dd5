import { describe, expect, test } from "vitest";
import { shelf, uvLock, type Package } from "../support/locked.ts";
import { ADMIN_TOKEN, Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

const lockOf = (packages: readonly Package[]) => uvLock(packages.map(({ name, wheel }) => ({ name, files: [wheel] })));

/** Neither queued, nor fetched, nor stored. */
function untouched(rig: Rig) {
  expect(rig.queue.messages).toEqual([]);
  expect(rig.upstream.requests.filter((line) => line.includes(FakeUpstream.FILES))).toEqual([]);
  expect(rig.counts["r2.put"]).toBeUndefined();
}

describe.each(["warm", "wheelhouse"])("POST /-/api/%s", (route) => {
  async function refused(rig: Rig, query: string, body: BodyInit) {
    const answer = await rig.post(`${route}${query}`, body);
    untouched(rig);
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    return [answer.status, answer.text()] as const;
  }

  /** A failure's status and sentence; a warm, which has waited, has both in its last line. */
  const failureOf = ([status, text]: readonly [number, string]) => {
    if (status !== 200) return [status, text];
    const { problem } = JSON.parse(text.trimEnd().split("\n").at(-1) ?? "") as {
      readonly problem: { readonly status: number; readonly detail: string };
    };
    return [problem.status, problem.detail];
  };

  test.each([
    ["", 400, "?filename=uv.lock"],
    ["?filename=", 400, "?filename=uv.lock"],
    ["?filename=uv.lock&pyhton=3.12", 400, '"pyhton" is not a parameter of this address'],
    ["?filename=uv.lock&filename=pdm.lock", 400, "filename is given twice"],
    ["?filename=uv.lock&index=nope", 400, "index may be one of: default"],
    ["?filename=uv.lock&python=banana", 400, "banana"],
    ["?filename=uv.lock&platform=banana", 400, "banana"],
    ["?filename=Cargo.lock", 422, "Cargo.lock"],
  ])("with %j is %i with the reason", async (query, status, sentence) => {
    const { rig, packages } = await shelf(1);
    const [got, text] = await refused(rig, query, await lockOf(packages));
    expect([got, text]).toEqual([status, expect.stringContaining(sentence)]);
    expect(rig.upstream.requests).toEqual([]);
  });

  test("refuses one that locks nothing, as curl -d makes of requirements", async () => {
    const { rig } = await shelf(0);
    const [status, text] = await refused(rig, "?filename=requirements.txt", "# all of it # in one line: demo==1.0");
    expect([status, text]).toEqual([422, expect.stringContaining("--data-binary")]);
  });

  test("refuses a lock above 3 MiB by its length alone, unread", async () => {
    const { rig } = await shelf(0);
    let read = 0;
    const body = new ReadableStream<Uint8Array>({ pull: () => void read++ }, { highWaterMark: 0 });
    const { response, settled } = await rig.open(`/-/api/${route}?filename=uv.lock`, {
      method: "POST",
      body,
      headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, "Content-Length": "104857600" },
    });
    expect([response.status, await response.text()]).toEqual([413, expect.stringContaining("3 MiB")]);
    await settled();
    expect(read).toBe(0);
  });

  test("stops reading a lock that does not say its length at 3 MiB", async () => {
    const { rig } = await shelf(0);
    let sent = 0;
    const body = new ReadableStream<Uint8Array>(
      { pull: (controller) => controller.enqueue(new Uint8Array((sent += 1024 ** 2) && 1024 ** 2).fill(0x23)) },
      { highWaterMark: 0 },
    );
    const [status, text] = await refused(rig, "?filename=uv.lock", body);
    expect([status, text]).toEqual([413, expect.stringContaining("3 MiB")]);
    expect(sent).toBeLessThanOrEqual(5 * 1024 ** 2);
  });

  test.each([
    ["nothing", new Uint8Array(), "is empty"],
    ["Latin-1", new Uint8Array([0x23, 0x20, 0xe9, 0x0a]), "not UTF-8"],
    ["what is no TOML", new TextEncoder().encode("[[package]\n"), "uv.lock line 1"],
  ])("refuses %s", async (_what, bytes, sentence) => {
    const { rig } = await shelf(0);
    const [status, text] = await refused(rig, "?filename=uv.lock", bytes);
    expect([status, text]).toEqual([422, expect.stringContaining(sentence)]);
  });

  test.each([
    [600, "600 packages"],
    [20_000, "more than 5000 packages"],
  ])("refuses a lock of %i packages before any page is asked for", async (count, sentence) => {
    const { rig } = await shelf(0);
    const lines = Array.from({ length: count }, (_, at) => `p${at}==1.0`);
    const [status, text] = await refused(rig, "?filename=requirements.txt", lines.join("\n"));
    expect([status, text]).toEqual([422, expect.stringContaining(sentence)]);
    expect(rig.upstream.requests).toEqual([]);
  });

  test("refuses a lock of more files than one request can do", async () => {
    const rig = new Rig();
    const files = Array.from({ length: 1_501 }, (_, at) => ({
      filename: `big-1.0-${at}-py3-none-any.whl`,
      bytes: new Uint8Array([at]),
    }));
    await rig.upstream.publish("big", files);
    const [status, text] = await refused(rig, "?filename=requirements.txt", "big==1.0\n");
    expect([status, text]).toEqual([422, expect.stringContaining("1501 files")]);
    expect(text).toContain("python=3.12");
  });

  test.each([
    [
      "a file that the page does not list",
      (lock: string) => lock.replaceAll("p1-1.0-py3", "p1-1.0-py2"),
      "uv.lock line 18: p1-1.0-py2-none-any.whl is not on the page of p1",
    ],
    [
      "another hash",
      (lock: string) => lock.replace(/sha256:.{4}(?=[0-9a-f]{60}" },\n\]\n*$)/, "sha256:beef"),
      "uv.lock line 18: p1-1.0-py3-none-any.whl is locked with sha256 beef",
    ],
    [
      "another index's URLs",
      (lock: string) => lock.replaceAll(`${FakeUpstream.FILES}p1`, "https://other.example/p1"),
      "uv.lock line 18: p1-1.0-py3-none-any.whl is locked at https://other.example/",
    ],
    [
      "a project that no source has",
      (lock: string) => lock.replace('name = "p1"', 'name = "nope"'),
      "uv.lock line 13: no source of https://edge.test/simple/ has a project nope",
    ],
  ])("refuses a lock with %s, and does nothing about the rest", async (_what, change, sentence) => {
    const { rig, packages } = await shelf(2);
    const lock = await lockOf(packages);
    const [status, text] = await refused(rig, "?filename=uv.lock", change(lock));
    expect([status, text]).toEqual([422, expect.stringContaining(sentence)]);
  });

  test("is 503 while the upstream is away, and names it", async () => {
    const { rig, packages } = await shelf(2);
    rig.upstream.down = true;
    const answer = await refused(rig, "?filename=uv.lock", await lockOf(packages));
    expect(failureOf(answer)).toEqual([503, expect.stringContaining("upstream.test")]);
  });

  test("checks a page once more that is older than the lock, and cannot tell while that fails", async () => {
    const { rig, packages } = await shelf(2);
    const [old, young] = packages;
    if (!old || !young) throw new Error("no packages");
    await rig.page("p0");
    const wheel = { ...young.wheel, filename: "p0-2.0-py3-none-any.whl" };
    const lock = (await uvLock([{ name: "p0", files: [wheel] }])).replace('version = "1.0"', 'version = "2.0"');
    rig.wait(31_000);
    rig.upstream.down = true;
    const answer = await refused(rig, "?filename=uv.lock", lock);
    expect(failureOf(answer)).toEqual([503, expect.stringContaining("the page of p0 could not be revalidated")]);
    rig.upstream.down = false;
    await rig.upstream.publish("p0", [old.wheel, wheel]);
    rig.wait(31_000);
    rig.forget();
    rig.meanwhile = () => rig.deliver();
    expect((await rig.post(`${route}?filename=uv.lock`, lock)).status).toBe(200);
    expect(rig.upstream.requests.filter((line) => line.endsWith("/p0/"))).toHaveLength(1);
  });

  test("needs a token", async () => {
    const { response, settled } = await new Rig().open(`/-/api/${route}?filename=uv.lock`, {
      method: "POST",
      body: "x",
    });
    await response.text();
    await settled();
    expect(response.status).toBe(401);
  });
});
