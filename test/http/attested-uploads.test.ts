import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { verifyProvenance } from "../../worker/provenance/verify.ts";
import { trustedRootOf } from "../../worker/provenance/trusted-root.ts";
import { sha256 } from "../../worker/repository/sha256.ts";
import { OPEN_INDEXES } from "../support/open-indexes.ts";
import { ADMIN_TOKEN, Rig } from "../support/rig.ts";
import { onGitHub, TestSigstore } from "../support/sigstore/sigstore.ts";
import { give } from "../support/tokens.ts";
import { uploadInOnePart } from "../support/one-part.ts";
import { audited, rows, upload, wheelOf, type Upload } from "../support/upload.ts";

let sigstore: TestSigstore;
beforeAll(async () => {
  sigstore = await TestSigstore.make();
});

const team = (vars: Record<string, unknown> = {}) =>
  new Rig({
    ...vars,
    INDEXES: OPEN_INDEXES,
    TRUSTED_ROOT: JSON.stringify(sigstore.root),
  });

const ACME = onGitHub("acme/demo");

/** The field of an upload with these attestations. */
async function attested({ filename, bytes }: Upload, ...predicates: ("publish" | "slsa")[]): Promise<string> {
  const file = { filename, sha256: sha256(bytes), at: Date.now(), ...ACME };
  return JSON.stringify(await Promise.all(predicates.map((predicate) => sigstore.attest({ ...file, predicate }))));
}

const addressOf = ({ filename }: Upload, index = "team") => `/${index}/integrity/demo/1.0/${filename}/provenance`;

test("attestations of an upload are verified, kept, and served as provenance that anyone can verify", async () => {
  const rig = team();
  const file = await wheelOf();
  const sent = await upload(rig, file, { fields: { attestations: await attested(file, "publish", "slsa") } });
  expect([sent.status, sent.text]).toEqual([200, `Published ${file.filename} in team.\n`]);
  const { status, headers, text } = await rig.get(addressOf(file));
  expect([status, headers.get("Content-Type")]).toEqual([200, "application/vnd.pypi.integrity.v1+json"]);
  const digest = sha256(file.bytes);
  expect(
    verifyProvenance(text(), { filename: file.filename, sha256: digest }, trustedRootOf(sigstore.root), Date.now()),
  ).toMatchObject({
    state: "verified",
    publisher: { kind: "GitHub", repository: "acme/demo" },
    predicates: ["publish", "slsa"],
  });
  // Promoted, it keeps its provenance; deleted, it has none.
  const to = JSON.stringify({ to: "prod" });
  const promoted = await rig.post("indexes/team/projects/demo/1.0/promote", to, { "Content-Type": "application/json" });
  expect(promoted.status, promoted.text()).toBe(200);
  expect((await rig.get(addressOf(file, "prod"))).text()).toBe(text());
  await rig
    .open("/-/api/indexes/team/projects/demo/1.0", {
      method: "DELETE",
      headers: { Authorization: `Bearer ${ADMIN_TOKEN}` },
    })
    .then(async ({ settled }) => settled());
  expect((await rig.get(addressOf(file))).status).toBe(404);
  expect((await rig.get(addressOf(file, "prod"))).status).toBe(200);
  // Out of the trash it has it again.
  const restored = await rig.post("indexes/team/projects/demo/1.0/restore", "{}", {
    "Content-Type": "application/json",
  });
  expect(restored.status, restored.text()).toBe(200);
  expect((await rig.get(addressOf(file))).text()).toBe(text());
});

test("pages name the provenance of hosted files that have it, where the public address is known", async () => {
  const PUBLIC_URL = "https://pypi.corp.example";
  const rig = team({ PUBLIC_URL });
  const [file, plain] = [await wheelOf(), await wheelOf("demo", "1.1")];
  await upload(rig, file, { fields: { attestations: await attested(file, "publish") } });
  await upload(rig, plain);
  const named = async (of: Rig) => {
    const answer = await of.get("/team/simple/demo/", { Accept: "application/vnd.pypi.simple.v1+json" });
    const { files } = JSON.parse(answer.text()) as { files: { provenance?: string }[] };
    return files.map(({ provenance }) => provenance);
  };
  expect(await named(rig)).toEqual([PUBLIC_URL + addressOf(file), undefined]);
  const release = (await rig.get("/team/project/demo/1.0/")).text();
  expect(release).toContain("GitHub acme/demo (release.yml)");
  expect(release).not.toContain("not verified");
  expect(await named(team())).toEqual([undefined, undefined]);
});

test("a file that takes another's place has its own attestations, or none", async () => {
  const rig = team();
  const [file, other] = [await wheelOf(), await wheelOf("demo", "1.0", "other = 1")];
  const to = "/scratch/legacy/";
  await upload(rig, file, { to, fields: { attestations: await attested(file, "publish") } });
  expect((await rig.get(addressOf(file, "scratch"))).status).toBe(200);
  expect((await upload(rig, other, { to })).status).toBe(200);
  expect((await rig.get(addressOf(file, "scratch"))).status).toBe(404);
  const attestations = await attested(other, "publish", "slsa");
  expect((await upload(rig, file, { to, fields: { attestations: await attested(file, "slsa") } })).status).toBe(200);
  expect((await rig.get(addressOf(file, "scratch"))).text()).toContain("attestation_bundles");
  expect((await upload(rig, other, { to, fields: { attestations } })).status).toBe(200);
  const { attestation_bundles: bundles } = JSON.parse((await rig.get(addressOf(file, "scratch"))).text()) as {
    attestation_bundles: [{ attestations: unknown[] }];
  };
  expect(bundles[0].attestations).toEqual(JSON.parse(attestations));
});

test.each<readonly [string, (file: Upload) => Promise<string>, string]>([
  [
    "of another file",
    async () => attested(await wheelOf("demo", "1.0", "other = 1"), "publish"),
    "it is about a file with another digest.",
  ],
  [
    "of another sigstore",
    async ({ filename, bytes }) =>
      JSON.stringify([await (await TestSigstore.make()).attest({ filename, sha256: sha256(bytes), ...ACME })]),
    "its certificate is of no authority of the trusted root, or was not valid when it signed.",
  ],
  ["twice the same", (file) => attested(file, "publish", "publish"), "it attests the same twice."],
  ["three", (file) => attested(file, "publish", "slsa", "publish"), "there are 3, and a file has one or two."],
  ["none", async () => "[]", "there are 0, and a file has one or two."],
  ["no JSON", async () => "attestation", "they are no JSON array of attestations (PEP 740)."],
  ["something else", async () => "[1]", "it is not an attestation (PEP 740)."],
])("attestations that are wrong (%s) refuse the upload, with the reason", async (_, attestations, reason) => {
  const rig = team();
  const file = await wheelOf();
  const { status, text } = await upload(rig, file, { fields: { attestations: await attestations(file) } });
  expect([status, text]).toEqual([
    400,
    expect.stringContaining(`The attestations of ${file.filename} are not valid: ${reason} Nothing was changed.`),
  ]);
  expect([await rows(), (await env.FILES.list()).objects]).toEqual([[], []]);
});

test("attestations of an upload in parts are verified, kept and served as well", async () => {
  const rig = team();
  const file = await wheelOf();
  const attestations: unknown = JSON.parse(await attested(file, "publish", "slsa"));
  expect(await uploadInOnePart(rig, file, { attestations })).toMatchObject({ status: 200 });
  const { status, text } = await rig.get(addressOf(file));
  expect([status, text()]).toEqual([200, expect.stringContaining('"repository":"acme/demo"')]);
});

test.each<readonly [string, (file: Upload) => Promise<unknown>, number, string]>([
  [
    "of another file",
    async () => JSON.parse(await attested(await wheelOf("demo", "1.0", "other = 1"), "publish")),
    400,
    "are not valid: it is about a file with another digest. Nothing was changed.",
  ],
  ["nothing", async () => [], 400, "are not valid: there are 0, and a file has one or two. Nothing was changed."],
  ["no array", async () => "attestation", 422, "attestations must be an array of attestation objects (PEP 740)"],
])("attestations of an upload in parts that are wrong (%s) refuse it", async (_, attestations, status, reason) => {
  const rig = team();
  const file = await wheelOf();
  expect(await uploadInOnePart(rig, file, { attestations: await attestations(file) })).toEqual({
    status,
    text: expect.stringContaining(reason),
  });
  expect(await rows()).toEqual([]);
});

test("a CI job that uploads without a secret attests as its own repository", async () => {
  const rig = team();
  const file = await wheelOf();
  const fields = { attestations: await attested(file, "publish") };
  const sentBy = async (repository: string) => {
    const { id, text: token } = await give(rig, { index: "team", scopes: ["upload"] });
    // As the exchange of an identity token leaves it in the audit log.
    await env.DB.prepare(
      "INSERT INTO audit (at, actor, actor_name, origin, action, index_name, project, subject, details) VALUES (1, 'x', 'x', '', 'token.mint', 'team', '', ?1, ?2)",
    )
      .bind(id, JSON.stringify({ claims: { repository } }))
      .run();
    const { status, text } = await upload(rig, file, { fields, headers: { Authorization: `Bearer ${token}` } });
    return [status, text];
  };
  const why = "are by GitHub acme/demo (release.yml), and the job that uploads it is of evil/demo.";
  expect(await sentBy("evil/demo")).toEqual([400, expect.stringContaining(why)]);
  expect(await sentBy("acme/demo")).toEqual([200, `Published ${file.filename} in team.\n`]);
});

test("attestations that come later than their file are added, once", async () => {
  const PUBLIC_URL = "https://pypi.corp.example";
  const rig = team({ PUBLIC_URL });
  const file = await wheelOf();
  const [publish, both] = [await attested(file, "publish"), await attested(file, "publish", "slsa")];
  const again = async (attestations?: string) => {
    const { status, text } = await upload(rig, file, attestations === undefined ? {} : { fields: { attestations } });
    return [status, text];
  };
  const page = async () => (await rig.get("/team/simple/demo/")).text();
  await upload(rig, file);
  expect(await page()).not.toContain("provenance");
  expect(await again("[1]")).toEqual([400, expect.stringContaining("are not valid")]);
  expect((await rig.get(addressOf(file))).status).toBe(404);

  const isThere = `${file.filename} is in team already, with these very bytes;`;
  expect(await again(publish)).toEqual([200, `${isThere} now it has its attestations.\n`]);
  expect(await page()).toContain(`data-provenance="${PUBLIC_URL}${addressOf(file)}"`);
  const first = (await rig.get(addressOf(file))).text();
  expect(first).toContain('"repository":"acme/demo"');
  expect((await audited()).map(({ action, subject }) => [action, subject])).toEqual([
    ["upload", file.filename],
    ["attest", file.filename],
  ]);

  // Who may upload cannot put another publisher in the place of the first.
  expect(await again(both)).toEqual([200, `${isThere} nothing has changed.\n`]);
  expect(await again()).toEqual([200, `${isThere} nothing has changed.\n`]);
  expect(await again("[1]")).toEqual([400, expect.stringContaining("are not valid")]);
  expect((await rig.get(addressOf(file))).text()).toBe(first);
  expect(await audited()).toHaveLength(2);
});

test("attestations that an upload in parts announces are added to a file that has none", async () => {
  const rig = team();
  const file = await wheelOf();
  await upload(rig, file);
  const attestations: unknown = JSON.parse(await attested(file, "publish"));
  expect(await uploadInOnePart(rig, file, { attestations })).toMatchObject({
    status: 200,
    text: expect.stringContaining("nothing has changed"),
  });
  expect((await rig.get(addressOf(file))).status).toBe(404);
  const added = await uploadInOnePart(rig, file, { attestations }, { attested: true });
  expect([added.status, JSON.parse(added.text)]).toEqual([
    200,
    {
      identical: false,
      attested: true,
      did: `${file.filename} is in team already, with these very bytes; now it has its attestations.`,
    },
  ]);
  expect((await rig.get(addressOf(file))).status).toBe(200);
  const third = await uploadInOnePart(rig, file, { attestations }, { attested: true });
  expect(third.text).toContain("nothing has changed");
});

test("an upload to one index neither changes nor supplies the provenance of the same file in another", async () => {
  const rig = team();
  const file = await wheelOf();
  const attestedBy = async (repository: string) => {
    const { filename, bytes } = file;
    const of = { filename, sha256: sha256(bytes), at: Date.now(), ...onGitHub(repository) };
    return { fields: { attestations: JSON.stringify([await sigstore.attest(of)]) } };
  };
  await upload(rig, file, await attestedBy("acme/demo"));
  const before = (await rig.get(addressOf(file))).text();
  expect((await upload(rig, file, { to: "/scratch/legacy/", ...(await attestedBy("evil/demo")) })).status).toBe(200);
  expect((await rig.get(addressOf(file))).text()).toBe(before);
  expect((await rig.get(addressOf(file, "scratch"))).text()).toContain("evil/demo");
  expect((await upload(rig, file, { to: "/prod/legacy/" })).status).toBe(200);
  expect((await rig.get(addressOf(file, "prod"))).status).toBe(404);
});

test("a long field that is not attestations is refused as before", async () => {
  const rig = team();
  const file = await wheelOf();
  const { status, text } = await upload(rig, file, { fields: { name: "x".repeat(5_000) } });
  expect([status, text]).toEqual([400, expect.stringContaining("one of its fields has more than 4096 bytes")]);
});
