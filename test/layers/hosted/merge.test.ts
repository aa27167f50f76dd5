import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { filesOn, host, pageIn, setStatus, teamOf } from "../../support/hosted.ts";
import { filePath, Rig } from "../../support/rig.ts";

const FORK = "demo-1.3+fork1-py3-none-any.whl";
const THEIRS = new TextEncoder().encode("theirs");
const theirs = (...filenames: string[]) => filenames.map((filename) => ({ filename, bytes: THEIRS }));
const MERGED = teamOf({ merge: ["de*"] });

/** A team's fork of a project whose other files are the upstream's. */
async function forked(...filenames: string[]) {
  const rig = new Rig(MERGED);
  await rig.upstream.publish("demo", theirs("demo-1.3-py3-none-any.whl", ...filenames), { versions: ["1.3", "1.2.0"] });
  return { rig, fork: await host("demo", FORK) };
}

describe("a merged name", () => {
  test("has a patched fork beside the upstream's releases, and the files of both", async () => {
    const { rig, fork } = await forked();
    await host("demo", "demo-1.2.tar.gz");
    const page = await pageIn(rig, "/team", "demo");
    expect(filesOn(page)).toEqual(["demo-1.2.tar.gz", FORK, "demo-1.3-py3-none-any.whl"]);
    expect(page.json?.versions).toEqual(["1.2", "1.3+fork1", "1.3"]);
    expect((await rig.get(`/team${fork.path}`)).body).toEqual(fork.bytes);
    expect((await rig.get(`/team${fork.path.replace("%2B", "+")}`)).body).toEqual(fork.bytes);
    expect((await rig.get(`/team${filePath("demo-1.3-py3-none-any.whl")}`)).body).toEqual(THEIRS);
  });

  test("is the upstream's alone in the index below", async () => {
    const { rig } = await forked();
    expect(filesOn(await pageIn(rig, "", "demo"))).toEqual(["demo-1.3-py3-none-any.whl"]);
  });

  test("costs a read of the database and of the stored page, and nothing is made anew", async () => {
    const { rig } = await forked();
    const first = await pageIn(rig, "/team", "demo");
    rig.forget();
    rig.wait(6_000);
    const again = await pageIn(rig, "/team", "demo");
    expect(rig.counts).toEqual({ "d1.prepare": 1, "kv.getWithMetadata": 1 });
    expect(again.headers.get("Cache-Status")).toContain("memory");
    expect(again.headers.get("ETag")).toBe(first.headers.get("ETag"));
  });

  test("changes with either of the two", async () => {
    const { rig } = await forked();
    await pageIn(rig, "/team", "demo");
    await host("demo", "demo-1.4+fork1.tar.gz");
    expect(filesOn(await pageIn(rig, "/team", "demo"))).toHaveLength(3);
    await rig.upstream.publish("demo", theirs("demo-2.0.tar.gz"));
    rig.wait(601_000);
    expect(filesOn(await pageIn(rig, "/team", "demo"))).toEqual([FORK, "demo-1.4+fork1.tar.gz", "demo-2.0.tar.gz"]);
  });

  test.each([
    ["demo-1.0-py3-none-any.whl", "demo-1.0-py3-none-any.whl"],
    ["Demo-1.0-py3-none-any.whl", "demo-1.0-py3-none-any.whl"],
    ["demo-1.0.0-py3-none-any.whl", "demo-1.0-py3-none-any.whl"],
    ["demo-1.0-py3.py2-none-any.whl", "demo-1.0-py2.py3-none-any.whl"],
    ["demo-v1.0.tar.gz", "demo-1.0.tar.gz"],
    ["demo-1.0_fork.1-py3-none-any.whl", "demo-1.0+fork.1-py3-none-any.whl"],
    ["DEMO-1.0-1-py3-none-any.whl", "demo-1.0-01-py3-none-any.whl"],
  ])("has its own file where the upstream's %s is %s by another spelling", async (upstreams, own) => {
    const { rig } = await forked(upstreams);
    await rig.get(filePath(upstreams));
    expect(filesOn(await pageIn(rig, "/team", "demo"))).toContain(upstreams);
    const hosted = await host("demo", own, { bytes: new TextEncoder().encode("ours") });
    const page = await pageIn(rig, "/team", "demo");
    expect(filesOn(page)?.toSorted()).toEqual([FORK, own, "demo-1.3-py3-none-any.whl"].toSorted());
    // Nor by its address, stored or not.
    rig.forget();
    for (const path of [filePath(upstreams), `/packages/${upstreams}`]) {
      expect((await rig.get(`/team${path}`)).status).toBe(404);
    }
    expect(rig.upstream.requests).toEqual([]);
    expect((await rig.get(`/team${hosted.path}`)).body).toEqual(hosted.bytes);
    expect((await rig.get(filePath(upstreams))).body).toEqual(THEIRS);
  });

  test("has the upstream's file again where its own of that name was deleted", async () => {
    const { rig } = await forked();
    await host("demo", "demo-1.3-py3-none-any.whl", { deleted: true });
    expect(filesOn(await pageIn(rig, "/team", "demo"))).toEqual([FORK, "demo-1.3-py3-none-any.whl"]);
    expect((await rig.get(`/team${filePath("demo-1.3-py3-none-any.whl")}`)).body).toEqual(THEIRS);
  });

  test("keeps other builds, formats and versions of the upstream's apart", async () => {
    const others = ["demo-1.3+fork2-py3-none-any.whl", "demo-1.3+fork1.tar.gz", "demo-1.3+fork1-cp312-none-any.whl"];
    const { rig } = await forked(...others);
    expect(filesOn(await pageIn(rig, "/team", "demo"))).toEqual([FORK, "demo-1.3-py3-none-any.whl", ...others]);
  });

  test("has its own status, else the upstream's, but not the quarantine of files that are not there", async () => {
    const { rig } = await forked();
    const status = async () =>
      ((await pageIn(rig, "/team", "demo")).json as unknown as Record<string, unknown>)["project-status"];
    const upstreams = async (word: string) => {
      await rig.upstream.publish("demo", theirs("demo-1.3-py3-none-any.whl"), { "project-status": { status: word } });
      rig.wait(601_000);
    };
    await upstreams("deprecated");
    expect(await status()).toEqual({ status: "deprecated" });
    await setStatus("demo", "archived");
    expect(await status()).toEqual({ status: "archived" });
    await env.DB.exec("UPDATE hosted_project SET status = NULL, revision = revision + 1");
    await upstreams("quarantined");
    expect(await status()).toBeUndefined();
  });

  test("is 503 while the upstream fails that has not been seen, and the stored page where it has been", async () => {
    const { rig } = await forked();
    rig.upstream.down = true;
    expect((await pageIn(rig, "/team", "demo")).status).toBe(503);
    rig.upstream.down = false;
    rig.wait(31_000);
    await pageIn(rig, "/team", "demo");
    rig.wait(601_000);
    await pageIn(rig, "/team", "demo");
    rig.upstream.down = true;
    rig.wait(8 * 24 * 3_600_000);
    const stale = await pageIn(rig, "/team", "demo");
    expect(filesOn(stale)).toHaveLength(2);
    expect(stale.headers.get("Cache-Status")).toContain("stale");
    expect(stale.headers.get("Warning")).toContain("8 days");
  });

  test("that the upstream does not have is the hosted files alone", async () => {
    const rig = new Rig(MERGED);
    await host("demo", FORK);
    expect(filesOn(await pageIn(rig, "/team", "demo"))).toEqual([FORK]);
  });

  test("has JSON of its page's files, and provenance of the upstream's files alone", async () => {
    const { rig } = await forked();
    const provenance = "https://upstream.test/attestations";
    await rig.upstream.publish("demo", [
      { filename: "demo-1.3-py3-none-any.whl", bytes: THEIRS, entry: { provenance } },
      { filename: "demo-1.2-py3-none-any.whl", bytes: THEIRS, entry: { provenance } },
    ]);
    rig.upstream.on(provenance, () => Response.json({}));
    await host("demo", "demo-1.2-py3-none-any.whl");
    const status = async (path: string) => (await rig.get(`/team${path}`)).status;
    const { releases } = JSON.parse((await rig.get("/team/pypi/demo/json")).text()) as {
      releases: Record<string, { url: string; digests: object; packagetype: string }[]>;
    };
    expect(Object.keys(releases)).toEqual(["1.2", "1.3+fork1", "1.3"]);
    for (const [file] of Object.values(releases)) {
      expect(file).toMatchObject({ packagetype: "bdist_wheel", digests: { sha256: expect.any(String) } });
      const path = new URL(file?.url ?? "").pathname;
      expect([path.startsWith("/packages/-/team/"), (await rig.get(path)).status]).toEqual([true, 200]);
    }
    expect(await status("/integrity/demo/1.3/demo-1.3-py3-none-any.whl/provenance")).toBe(200);
    expect(await status("/integrity/demo/1.2/demo-1.2-py3-none-any.whl/provenance")).toBe(404);
  });
});

describe("a large merged page", () => {
  const many = theirs(...Array.from({ length: 4_000 }, (_, at) => `demo-1.${at}.tar.gz`)).map((file, at) => ({
    ...file,
    bytes: new TextEncoder().encode(`${at}`),
  }));

  test("is merged once a change, by whichever isolate", async () => {
    const rig = new Rig(MERGED);
    await rig.upstream.publish("demo", many);
    await host("demo", FORK);
    const first = await pageIn(rig, "/team", "demo");
    expect(filesOn(first)).toHaveLength(4_001);
    rig.restart();
    rig.forget();
    const again = await pageIn(rig, "/team", "demo");
    expect(rig.counts).toEqual({ "d1.prepare": 2, "kv.getWithMetadata": 2 });
    expect([again.headers.get("Cache-Status"), again.text()]).toEqual(["pypi-edge; hit; detail=kv", first.text()]);
    await host("demo", "demo-2.0+fork1.tar.gz");
    expect(filesOn(await pageIn(rig, "/team", "demo"))).toHaveLength(4_002);
  });

  test("is merged again where it cannot be read or stored", async () => {
    const rig = new Rig(MERGED);
    await rig.upstream.publish("demo", many);
    await pageIn(rig, "", "demo");
    await host("demo", FORK);
    rig.breakOnce("kv.getWithMetadata", 2);
    rig.breakOnce("kv.put");
    expect(filesOn(await pageIn(rig, "/team", "demo"))).toHaveLength(4_001);
  });
});
