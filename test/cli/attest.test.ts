import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createAttester } from "../../cli/upload/attest.ts";
import { trustedRootOf } from "../../worker/provenance/trusted-root.ts";
import { verifyAttestations } from "../../worker/provenance/verify.ts";
import { pypiEdge } from "../support/node/command.ts";
import { FakeUploads } from "../support/node/fake-uploads.ts";
import { identityTokenOf, SigningServices } from "../support/node/signing-services.ts";
import { onGitHub, TestSigstore } from "../support/sigstore/sigstore.ts";

const JOB = "repo:acme/demo:ref:refs/tags/v1";
const SDIST = "demo-1.0.tar.gz";
const BYTES = Buffer.from("an sdist");
const SHA256 = createHash("sha256").update(BYTES).digest("hex");

let sigstore: TestSigstore;
let services: SigningServices;
beforeAll(async () => {
  sigstore = await TestSigstore.make();
  services = await new SigningServices(sigstore, { [JOB]: onGitHub("acme/demo") }).start();
});
afterAll(async () => services?.stop());

let folder: string;
let server: FakeUploads;
let url: string;
beforeEach(async () => {
  services.identity = identityTokenOf(JOB);
  services.requests.length = 0;
  folder = mkdtempSync(join(tmpdir(), "pypi-edge-attest-"));
  writeFileSync(join(folder, SDIST), BYTES);
  server = new FakeUploads();
  url = await server.listen();
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const upload = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  pypiEdge(["upload", SDIST, ...args, "--index", "team", "--url", url, "--token", "t"], folder, { ...NOWHERE, ...env });

/** No CI job, where the tests themselves run in one. */
const NOWHERE = { SIGSTORE_ID_TOKEN: "", ACTIONS_ID_TOKEN_REQUEST_URL: "", ACTIONS_ID_TOKEN_REQUEST_TOKEN: "" };

const onGitHubActions = () => ({
  ACTIONS_ID_TOKEN_REQUEST_URL: `${services.url}/identity?api-version=2`,
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "a-job",
});

/** What a verifier that trusts the test sigstore makes of them. */
const judged = (attestations: readonly unknown[], by: TestSigstore = sigstore) =>
  verifyAttestations(
    attestations.map((each) => JSON.stringify(each)),
    { filename: SDIST, sha256: SHA256 },
    trustedRootOf(by.root),
    Date.now(),
  );

/** The addresses that are asked for one attestation. */
const ASKED = ["/api/v1/log/entries", "/api/v1/timestamp", "/api/v2/signingCert", "/identity"];

test("--attest sends a publish attestation by the job that runs it, which verifies", async () => {
  const to = ["--attest", "--fulcio", services.url, "--rekor", `${services.url}/`, "--tsa", services.url];
  const { code, output } = await upload(to, onGitHubActions());
  expect([code, output]).toEqual([0, expect.stringContaining("1 published")]);
  expect(services.requests.toSorted()).toEqual(ASKED);
  expect(judged(server.ends[0]?.attestations ?? [])).toMatchObject({
    state: "verified",
    publisher: { kind: "GitHub", repository: "acme/demo", workflow: "release.yml" },
    predicates: ["publish"],
  });
  expect(server.ends[0]?.attestations?.[0]).toHaveProperty("verification_material.timestamp_verification_data");
  // What the server has is neither signed nor sent again.
  expect((await upload(to, onGitHubActions())).output).toContain("1 already there");
  expect([services.requests.length, server.ends.length]).toEqual([ASKED.length, 1]);
});

test("--attest adds an attestation to a file that the server has without any", async () => {
  const to = ["--attest", "--fulcio", services.url, "--rekor", services.url];
  expect((await upload([])).output).toContain("1 published");
  expect((await upload([])).output).toContain("1 already there");
  const { code, output } = await upload(to, onGitHubActions());
  expect([code, output]).toEqual([0, expect.stringContaining(`${SDIST}: already there, and has its attestations now`)]);
  expect(output).toContain("1 file: 0 published, 1 attested, 0 already there, 0 failed");
  expect(judged(server.ends.at(-1)?.attestations ?? [])).toMatchObject({ state: "verified" });
});

test("--rekor-version 2 sends one that a log of Rekor 2 has, with a signed time, which verifies", async () => {
  const newest = await TestSigstore.make("rekor2");
  const at = await new SigningServices(newest, { [JOB]: onGitHub("acme/demo") }).start();
  try {
    const to = ["--attest", "--fulcio", at.url, "--rekor", at.url, "--rekor-version", "2", "--tsa", at.url];
    const { code, output } = await upload(to, { SIGSTORE_ID_TOKEN: identityTokenOf(JOB) });
    expect([code, output]).toEqual([0, expect.stringContaining("1 published")]);
    expect(at.requests.toSorted()).toEqual(["/api/v1/timestamp", "/api/v2/log/entries", "/api/v2/signingCert"]);
    const [attestation] = server.ends[0]?.attestations ?? [];
    expect(attestation).toHaveProperty("verification_material.transparency_entries.0.kindVersion", {
      kind: "hashedrekord",
      version: "0.0.2",
    });
    expect(judged([attestation], newest)).toMatchObject({
      state: "verified",
      publisher: { kind: "GitHub", repository: "acme/demo", workflow: "release.yml" },
    });
  } finally {
    await at.stop();
  }
});

test("--attest without an identity says where there is one, and publishes nothing", async () => {
  const { code, output } = await upload(["--attest", "--fulcio", services.url, "--rekor", services.url]);
  expect([code, output]).toEqual([
    1,
    expect.stringMatching(/^There is no identity to attest with\. --attest is for jobs/),
  ]);
  expect([services.requests, server.ends]).toEqual([[], []]);
});

test("an identity token of the environment is taken, and no timestamp authority is asked where none is named", async () => {
  const at = services.url;
  const attest = createAttester({ fulcio: at, rekor: at }, { SIGSTORE_ID_TOKEN: identityTokenOf(JOB) });
  const attestation = await attest({ filename: SDIST, sha256: SHA256 });
  expect(services.requests.toSorted()).toEqual(["/api/v1/log/entries", "/api/v2/signingCert"]);
  expect(attestation).not.toHaveProperty("verification_material.timestamp_verification_data");
  expect(judged([attestation])).toMatchObject({ state: "verified" });
});

test.each<readonly [string, string, object, RegExp]>([
  [
    "the authority refuses the job",
    identityTokenOf("repo:evil/demo"),
    {},
    /^http:\S+ gives this job no certificate \(\(403\) not for you\)\.$/,
  ],
  ["the token is none", "secret", {}, /^The identity token of this job is not one: it cannot be read\.$/],
  [
    "the log is away",
    identityTokenOf(JOB),
    { rekor: "http://127.0.0.1:9/" },
    /^http:\/\/127\.0\.0\.1:9\/ has not entered the attestation into its log/,
  ],
])("where %s, a sentence says so, without the token", async (_, token, other, sentence) => {
  const addresses = { fulcio: services.url, rekor: services.url, ...other };
  const attest = createAttester(addresses, { SIGSTORE_ID_TOKEN: token }, { retry: 0 });
  const said = await attest({ filename: SDIST, sha256: SHA256 }).catch((error: Error) => error.message);
  expect(said).toMatch(sentence);
  expect(said).not.toContain(token);
});

test("a job that may ask for no identity token is told so", async () => {
  const attest = createAttester(
    { fulcio: services.url, rekor: services.url },
    {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${services.url}/nowhere`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "a-job",
    },
  );
  await expect(attest({ filename: SDIST, sha256: SHA256 })).rejects.toThrow(
    "GitHub gives this job no identity token (status 403).",
  );
});

test("--attestations sends those beside a file, and refuses a file that has none", async () => {
  expect(await upload(["--attestations"])).toMatchObject({
    code: 1,
    output: expect.stringContaining(`${SDIST}: there is no attestation beside it`),
  });
  expect(server.ends).toEqual([]);
  const attestation = await sigstore.attest({ filename: SDIST, sha256: SHA256, ...onGitHub("acme/demo") });
  writeFileSync(join(folder, `${SDIST}.publish.attestation`), JSON.stringify(attestation));
  expect(await upload(["--attestations"])).toMatchObject({ code: 0 });
  expect(server.ends).toEqual([{ attestations: [attestation] }]);
});

test.each([
  [["--attest", "--attestations"], /name one of them/],
  [
    ["--attest", "--rekor-version", "2"],
    /gives no time, so nothing would verify: name a timestamp authority with --tsa/,
  ],
  [["--attest", "--rekor-version", "3"], /Allowed choices are 1, 2/],
  [["--attest", "--rekor", "http://log.example"], /--rekor must be an address that begins with https:\/\//],
])("%j is a wrong command line", async (args, sentence) => {
  expect(await upload(args)).toMatchObject({ code: 2, output: expect.stringMatching(sentence) });
});
