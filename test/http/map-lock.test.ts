import { describe, expect, test } from "vitest";
import { asked, packaged, uvLock } from "../support/locked.ts";
import { teamOf } from "../support/hosted.ts";
import { Rig } from "../support/rig.ts";
import { bearer, give } from "../support/tokens.ts";
import { FakeUpstream } from "../support/upstream.ts";

const VARS = teamOf({ read: "token" });

/** Sends a lock to be mapped, by default as a client without a token. */
async function map(rig: Rig, path: string, body: BodyInit, headers: Record<string, string> = {}) {
  const { response, settled } = await rig.open(path, { method: "POST", body, headers });
  const bytes = new Uint8Array(await response.arrayBuffer());
  await settled();
  return { status: response.status, headers: response.headers, bytes, text: new TextDecoder().decode(bytes) };
}

async function lockOf() {
  const { name, wheel, sdist } = await packaged("demo");
  return uvLock([{ name, files: [wheel, sdist] }]);
}

describe("POST /-/api/lock/local and canonical", () => {
  test("map a lock's URLs to the index's own and back, without a token where anyone may read it", async () => {
    const rig = new Rig(VARS);
    const lock = await lockOf();
    const there = await map(rig, "/-/api/lock/local?filename=uv.lock", lock);
    expect([there.status, there.headers.get("Cache-Control")]).toEqual([200, "no-store"]);
    expect(there.text).toBe(
      lock
        .replaceAll(FakeUpstream.INDEX, "https://edge.test/simple/")
        .replaceAll("https://files.upstream.test/", "https://edge.test/files/files.upstream.test/"),
    );
    expect((await map(rig, "/-/api/lock/canonical?filename=uv.lock", there.text)).text).toBe(lock);
    expect([asked(rig), rig.counts]).toEqual([{}, {}]);
  });

  test("keep the byte order mark and line ends", async () => {
    const body = new TextEncoder().encode(`\uFEFF-i ${FakeUpstream.INDEX}\r\nsix`);
    const { bytes } = await map(new Rig(VARS), "/-/api/lock/local?filename=dev/requirements.txt", body);
    expect(bytes).toEqual(new TextEncoder().encode("\uFEFF-i https://edge.test/simple/\r\nsix"));
  });

  test("need a token that may read where the index needs one, and then mean the token's index", async () => {
    const rig = new Rig(VARS);
    const lock = await lockOf();
    for (const path of ["/team/-/api/lock/local?filename=uv.lock", "/-/api/lock/local?filename=uv.lock&index=team"]) {
      expect((await map(rig, path, lock)).status).toBe(401);
      expect((await map(rig, path, lock, bearer((await give(rig, { scopes: ["upload"] })).text))).status).toBe(403);
    }
    const token = bearer((await give(rig)).text);
    const mapped = await map(rig, "/-/api/lock/local?filename=uv.lock", lock, token);
    expect(mapped.text).toContain('registry = "https://edge.test/team/simple/"');
    expect((await map(rig, "/team/-/api/lock/canonical?filename=uv.lock", mapped.text, token)).text).toBe(lock);
  });

  test("write the public address where one is configured, and know the other too", async () => {
    const rig = new Rig({ ...VARS, PUBLIC_URL: "https://pypi.corp.example" });
    const body = `-i ${FakeUpstream.INDEX}\n`;
    expect((await map(rig, "/-/api/lock/local?filename=r.txt", body)).text).toBe(
      "-i https://pypi.corp.example/simple/\n",
    );
    for (const index of ["https://pypi.corp.example/simple/", "https://edge.test/simple/"])
      expect((await map(rig, "/-/api/lock/canonical?filename=r.txt", `-i ${index}\n`)).text).toBe(body);
  });

  test("know the server by another name of this machine, and by another scheme of its host", async () => {
    const body = `-i ${FakeUpstream.INDEX}\n`;
    const here = new Rig({ ...VARS, PUBLIC_URL: "http://127.0.0.1:8787" });
    for (const index of ["http://localhost:8787/simple/", "http://[::1]:8787/simple/", "http://edge.test/simple/"])
      expect((await map(here, "/-/api/lock/canonical?filename=r.txt", `-i ${index}\n`)).text).toBe(body);
  });

  test("refuse a lock that was made at what seems to be another address, rather than leave it as it is", async () => {
    const lock = (await lockOf()).replaceAll(
      "https://files.upstream.test",
      "https://old.test/files/files.upstream.test",
    );
    const answer = await map(new Rig(VARS), "/-/api/lock/canonical?filename=uv.lock", lock);
    expect([answer.status, answer.text]).toEqual([
      422,
      "uv.lock: nothing in it is at https://edge.test, where the index default is; https://old.test may be the address of a pypi-edge too. If it is another server, ask that one. If it is this one, set PUBLIC_URL to that address.\n",
    ]);
    const [files, own] = ["https://files.upstream.test", "https://edge.test/files/files.upstream.test"];
    const ofDefault = (await lockOf())
      .replaceAll(files, own)
      .replaceAll(FakeUpstream.INDEX, "https://edge.test/simple/");
    const rig = new Rig(VARS);
    const token = bearer((await give(rig)).text);
    expect((await map(rig, "/team/-/api/lock/canonical?filename=uv.lock", ofDefault, token)).text).toBe(
      "uv.lock: nothing in it is at https://edge.test/team, where the index team is; https://edge.test, where it has addresses, is another index here: name that one with index=, or leave index away for the default one.\n",
    );
    const canonical = await lockOf();
    expect((await map(new Rig(VARS), "/-/api/lock/canonical?filename=uv.lock", canonical)).text).toBe(canonical);
  });

  test("map what comes from several upstreams", async () => {
    const corp = { url: "https://pkgs.corp.example/simple/", files: "https://files.corp.example/" };
    const UPSTREAMS = { corp, pypi: { url: FakeUpstream.INDEX, files: "https://files.upstream.test/" } };
    const rig = new Rig({ UPSTREAMS, INDEXES: { default: { sources: ["corp", "pypi"] } } });
    const own = `\n[[package]]\nname = "acme"\nversion = "1.0"\nsource = { registry = "${corp.url}" }\nwheels = [{ url = "${corp.files}acme-1.0-py3-none-any.whl" }]\n`;
    const lock = (await lockOf()) + own;
    const there = await map(rig, "/-/api/lock/local?filename=uv.lock", lock);
    expect(there.text).not.toMatch(/corp\.example\/simple|https:\/\/(?!edge\.test\/)/);
    expect((await map(rig, "/-/api/lock/canonical?filename=uv.lock", there.text)).text).toBe(lock);
  });

  test.each([
    ["", "x", 400, "The name of the lock file is missing"],
    ["?filename=Cargo.lock", "x", 422, '"Cargo.lock" is not a lock file'],
    ["?filename=uv.lock&python=3.12", "x", 400, '"python" is not a parameter'],
    ["?filename=uv.lock", "", 422, "is empty"],
    ["?filename=uv.lock", "\uFEFF \r\n", 422, "is empty"],
    ["?filename=uv.lock", "A token is needed here.\n", 422, "uv.lock is no lock file"],
    ["?filename=uv.lock", 'version = 1[[package]]name = "six"', 422, "--data-binary keeps them"],
    ["?filename=uv.lock", new Uint8Array([0x23, 0xe9]), 422, "not UTF-8"],
    [
      "?filename=uv.lock",
      '[[package]]\nurl = "https://edge.test/files/-/00/x-1.0.zip"\n',
      422,
      "uv.lock: https://edge.test/files/-/00/x-1.0.zip cannot be mapped: it is pypi-edge's own file",
    ],
  ] as const)("canonical%s is refused with a sentence", async (query, body, status, sentence) => {
    const answer = await map(new Rig(VARS), `/-/api/lock/canonical${query}`, body);
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(sentence)]);
  });

  test("refuse a form, which would come back with what stands around the lock in it", async () => {
    const rig = new Rig(VARS);
    const form = new FormData();
    form.set("file", new File([await lockOf()], "uv.lock"));
    const body = new Response(form);
    const type = { "Content-Type": body.headers.get("Content-Type") ?? "" };
    const bytes = await body.arrayBuffer();
    const answer = await map(rig, "/-/api/lock/canonical?filename=uv.lock", bytes, type);
    expect([answer.status, answer.text]).toEqual([
      400,
      "The lock file was sent as a form, as curl -F does; send it as the body, with --data-binary.\n",
    ]);
    expect((await rig.post("warm?filename=uv.lock", new Uint8Array(bytes), type)).status).toBe(400);
  });

  test("read 2 MiB without a token, and 20 MiB with one", async () => {
    const rig = new Rig(VARS);
    const token = bearer((await give(rig, { index: "default" })).text);
    const path = "/-/api/lock/local?filename=uv.lock";
    const large = `version = 1\n${"#".repeat(2 * 1024 ** 2)}`;
    const refused = await map(rig, path, large);
    expect([refused.status, refused.text]).toEqual([413, expect.stringContaining("With a token")]);
    expect((await map(rig, path, large, token)).text).toBe(large);
    const larger = await map(rig, path, new Uint8Array(20 * 1024 ** 2 + 1), token);
    expect([larger.status, larger.text]).toEqual([413, expect.stringContaining("20 MiB")]);
  });

  test("refuse a text of more URLs than any lock has, before they are looked for", async () => {
    const rig = new Rig(VARS);
    const token = bearer((await give(rig, { index: "default" })).text);
    const answer = await map(rig, "/-/api/lock/local?filename=uv.lock", "http://a ".repeat(200_001), token);
    expect([answer.status, answer.text]).toEqual([422, expect.stringContaining("more than 200000 URLs")]);
  });
});
