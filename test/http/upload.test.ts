import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { contextOf } from "../../worker/log/context.ts";
import { logAs } from "../../worker/log/log.ts";
import { ADMIN_TOKEN } from "../support/rig.ts";
import { audited, isWhole, revisionOf, rows, stored, teamRig, upload, wheelOf } from "../support/upload.ts";

test("publishes a wheel: its bytes and METADATA stored, its row, its project and the audit log's line in one transaction", async () => {
  const rig = teamRig();
  const wheel = await wheelOf();
  const answer = await upload(rig, wheel, { headers: { "CF-Connecting-IP": "192.0.2.7" } });
  expect(answer).toMatchObject({ status: 200, text: "Published demo-1.0-py3-none-any.whl in team.\n" });
  const [row, ...others] = await rows();
  expect(others).toEqual([]);
  expect(row).toMatchObject({
    index_name: "team",
    project: "demo",
    filename: wheel.filename,
    version: "1.0",
    sha256: wheel.fields["sha256_digest"],
    size: wheel.bytes.byteLength,
    uploaded_at: rig.now,
    yanked: null,
    deleted_at: null,
  });
  expect(row && (await isWhole(row))).toBe(true);
  expect(row?.metadata_sha256).not.toBeNull();
  expect(await revisionOf("demo")).toBe(1);
  expect(await audited()).toEqual([
    {
      action: "upload",
      index_name: "team",
      project: "demo",
      subject: wheel.filename,
      actor: "admin",
      origin: "192.0.2.7",
    },
  ]);
});

test("takes an upload without the last slash as well, and without a redirect", async () => {
  const rig = teamRig();
  expect((await upload(rig, await wheelOf(), { to: "/team/legacy" })).status).toBe(200);
});

test.each(["/team", "/team/", "/team/simple/"])(
  "an upload to %s is refused with the right address, in the reason phrase too",
  async (to) => {
    const sentence = "Uploads to team go to /team/legacy/, not here.";
    const { status, text, reason } = await upload(teamRig(), await wheelOf(), { to });
    expect({ status, text, reason }).toEqual({ status: 405, text: `${sentence}\n`, reason: sentence });
  },
);

test("takes the same bytes again, and changes nothing", async () => {
  const rig = teamRig();
  const wheel = await wheelOf();
  await upload(rig, wheel);
  const before = [await rows(), await stored(), await audited()];
  rig.forget();
  const again = await upload(rig, wheel);
  expect(again.status).toBe(200);
  expect(again.text).toContain("already, with these very bytes; nothing has changed");
  expect([await rows(), await stored(), await audited()]).toEqual(before);
  expect(rig.counts).toEqual({ "d1.prepare": 1 });
});

test("refuses other bytes under a filename that is used, with the remedy", async () => {
  const rig = teamRig();
  await upload(rig, await wheelOf());
  const before = await rows();
  const answer = await upload(rig, await wheelOf("demo", "1.0", "changed = True"));
  expect(answer.status).toBe(409);
  expect(answer.text).toMatch(/^File already exists: demo-1\.0-py3-none-any\.whl\. .*raise the version/);
  expect(await rows()).toEqual(before);
});

test("a filename stays used: a deleted file's is refused, even with the same bytes", async () => {
  const rig = teamRig();
  const wheel = await wheelOf();
  await upload(rig, wheel);
  await env.DB.prepare("UPDATE hosted_file SET object = NULL, deleted_at = 1").run();
  const answer = await upload(rig, wheel);
  expect(answer.status).toBe(409);
  expect(answer.text).toMatch(/^File already exists: .* it was deleted/);
});

test("a volatile index takes other bytes for a name, a deleted one's as well", async () => {
  const rig = teamRig();
  const to = "/scratch/legacy/";
  const wheel = await wheelOf();
  const other = await wheelOf("demo", "1.0", "changed = True");
  await upload(rig, wheel, { to });
  const [before] = await rows();
  expect((await upload(rig, other, { to })).status).toBe(200);
  const [row] = await rows();
  // Its bytes stay for as long as the database can be restored.
  const { results: left } = await env.DB.prepare("SELECT * FROM unlinked_object").all();
  expect(left).toEqual([{ object: before?.object, unlinked_at: rig.now }]);
  expect(row?.sha256).toBe(other.fields["sha256_digest"]);
  expect(row && (await isWhole(row))).toBe(true);
  expect(await revisionOf("demo", "scratch")).toBe(2);
  await env.DB.prepare("UPDATE hosted_file SET object = NULL, deleted_at = 1, yanked = 'bad'").run();
  expect((await upload(rig, other, { to })).status).toBe(200);
  expect((await rows())[0]).toMatchObject({ deleted_at: null, yanked: null });
});

test.each(["archived", "quarantined"])("refuses uploads to a project that is %s", async (status) => {
  const rig = teamRig();
  await upload(rig, await wheelOf());
  await env.DB.prepare("UPDATE hosted_project SET status = ?1, status_reason = 'moved to demo2'").bind(status).run();
  const answer = await upload(rig, await wheelOf("demo", "2.0"));
  expect(answer.status).toBe(422);
  expect(answer.text).toContain(`demo is ${status} in team (moved to demo2)`);
  expect(await rows()).toHaveLength(1);
});

test("a small upload costs one read and one transaction of D1, and a put of R2 for each of its bytes and METADATA", async () => {
  const rig = teamRig();
  await upload(rig, await wheelOf());
  // A statement for the read, and three in the transaction.
  expect(rig.counts).toEqual({ "d1.prepare": 4, "d1.batch": 1, "r2.put": 2 });
});

test("an upload above 8 MiB is streamed to the store in parts, and leaves nothing in staging", async () => {
  const rig = teamRig();
  const wheel = await wheelOf("demo", "1.0", "", 9_000_000);
  expect((await upload(rig, wheel)).status).toBe(200);
  const [row] = await rows();
  expect(row && (await isWhole(row))).toBe(true);
  expect(await stored()).toEqual([row?.object, `${row?.object}.metadata`]);
});

test("a client without permission is refused before a byte is stored", async () => {
  const rig = teamRig();
  const wheel = await wheelOf();
  const wrong = await upload(rig, wheel, { headers: { Authorization: "Bearer of-nothing" } });
  expect(wrong.status).toBe(401);
  expect(wrong.headers.get("WWW-Authenticate")).toContain("Basic");
  expect(
    (await upload(rig, wheel, { headers: { Authorization: `Basic ${btoa(`__token__:${ADMIN_TOKEN}`)}` } })).status,
  ).toBe(200);
});

test("a token for some projects publishes no others, and nothing is looked up for it", async () => {
  const rig = teamRig();
  const { filename, bytes } = await wheelOf();
  const publish = async (projects: string[]) => {
    const stage = rig.services.openStagingFile();
    await stage.write(bytes);
    const principal = { id: "t1", name: "ci", index: "team", scopes: ["upload"] as const, projects };
    const submission = {
      index: { name: "team", volatile: false },
      author: { principal, origin: "" },
      filename,
      staged: await stage.finish(),
      claimed: { digests: {} },
    };
    rig.forget();
    return rig.services.publish(
      submission,
      contextOf(rig.now, createExecutionContext(), rig.services.counters, logAs("text")),
    );
  };
  await expect(publish(["acme-*"])).rejects.toMatchObject({
    kind: "not-allowed",
    message: 'The token "ci" may not upload demo in team: it is for upload on team, for acme-*.',
  });
  expect(rig.counts).toEqual({});
  expect(await publish(["acme-*", "demo"])).toMatchObject({ kind: "published" });
  expect(await audited()).toMatchObject([{ actor: "t1", subject: filename }]);
});

test("an index that hosts nothing answers with the setting and the address for uploads, and names no private index", async () => {
  const rig = teamRig();
  const answer = await upload(rig, await wheelOf(), { to: "/legacy/" });
  expect(answer.status).toBe(403);
  expect(answer.text).toMatch(
    /^The index default takes no uploads: .*\bhosted = true\b.* Upload to \/INDEX\/legacy\/, /,
  );
  expect(answer.text).not.toContain("team");
});

test("only POST is offered there", async () => {
  const rig = teamRig();
  for (const path of ["/team/legacy/", "/team/legacy", "/legacy/"]) {
    const answer = await rig.get(path);
    expect([answer.status, answer.headers.get("Allow")]).toEqual([405, "POST"]);
  }
});
