import { expect, test } from "vitest";
import { publisherLabel } from "../../worker/pypi/publisher.ts";
import { trustedRootOf } from "../../worker/provenance/trusted-root.ts";
import { verifyProvenance } from "../../worker/provenance/verify.ts";
import type { Subject } from "../support/sigstore/certificates.ts";
import { onGitHub, TestSigstore } from "../support/sigstore/sigstore.ts";

const FILE = { filename: "demo-1.0.tar.gz", sha256: "d".repeat(64) };
const GITHUB = { kind: "GitHub", repository: "acme/demo", workflow: "release.yml" };

const circle = (origin?: string): Subject => ({
  claims: {
    8: "https://oidc.circleci.com",
    9: "https://circleci.com/api/v2/projects/1111-22/pipeline-definitions/3333-44",
    ...(origin !== undefined && { 12: origin }),
  },
});

/** What a verdict is, in a line. */
async function outcome(stated: object, subject: Subject, sigstore: TestSigstore): Promise<string> {
  const text = await sigstore.provenance(stated, { ...FILE, ...subject });
  const verdict = verifyProvenance(text, FILE, trustedRootOf(sigstore.root), Date.now());
  return verdict.state === "verified" ? publisherLabel(verdict.publisher) : verdict.reason;
}

/** Publishers of each kind by a sigstore of our own. The same on every platform. */
export function tellsPublishersApart(): void {
  test("verifies by a root of one's own, with each kind of log: also one with an Ed25519 key, and one without times", async () => {
    for (const kind of ["ecdsa", "edwards", "rekor2"] as const) {
      expect(await outcome(GITHUB, onGitHub("acme/demo"), await TestSigstore.make(kind))).toBe(
        "GitHub acme/demo (release.yml)",
      );
    }
  });

  test("refuses what another sigstore has signed", async () => {
    const [one, other] = [await TestSigstore.make(), await TestSigstore.make()];
    const text = await one.provenance(GITHUB, { ...FILE, ...onGitHub("acme/demo") });
    expect(verifyProvenance(text, FILE, trustedRootOf(other.root), Date.now())).toMatchObject({ state: "refused" });
  });

  test.each<readonly [string, object, Subject, string]>([
    [
      "a Google account",
      { kind: "Google", email: "ci@acme.test" },
      { claims: { 8: "https://accounts.google.com" }, email: "ci@acme.test" },
      "Google ci@acme.test",
    ],
    [
      "a Google account whose address is a URI",
      { kind: "Google", email: "ci@acme.test" },
      { claims: { 8: "https://accounts.google.com" }, uri: "ci@acme.test" },
      "its certificate names no publisher that is known here.",
    ],
    [
      "a project of CircleCI",
      { kind: "CircleCI", project_id: "1111-22", pipeline_definition_id: "3333-44" },
      circle(),
      "CircleCI 1111-22 (3333-44)",
    ],
    [
      "a project of CircleCI with another origin",
      {
        kind: "CircleCI",
        project_id: "1111-22",
        pipeline_definition_id: "3333-44",
        vcs_origin: "github.com/evil/demo",
      },
      circle("github.com/acme/demo"),
      "its index states another publisher than its certificate, which says CircleCI github.com/acme/demo (3333-44).",
    ],
    [
      "a workflow of another repository",
      GITHUB,
      {
        claims: {
          ...onGitHub("acme/demo").claims,
          18: "https://github.com/evil/demo/.github/workflows/release.yml@refs/tags/v1",
        },
      },
      "its certificate names no publisher that is known here.",
    ],
    [
      "a repository whose name goes on",
      GITHUB,
      onGitHub("acme/demo-evil"),
      "its index states another publisher than its certificate, which says GitHub acme/demo-evil (release.yml).",
    ],
    [
      "an issuer that is not known",
      GITHUB,
      { claims: { ...onGitHub("acme/demo").claims, 8: "https://ci.evil.test" } },
      "its certificate names no publisher that is known here.",
    ],
    [
      "a certificate that is not for code",
      GITHUB,
      { ...onGitHub("acme/demo"), isForCode: false },
      "its certificate is not for signing code.",
    ],
  ])("%s", async (_, stated, subject, expected) => {
    expect(await outcome(stated, subject, await TestSigstore.make())).toBe(expected);
  });

  test.each<readonly [string, string, boolean]>([
    ["demo-1.0.tar.gz", "Demo-1.0.0.tar.gz", true],
    ["acme-tools-1.0.tar.gz", "Acme_Tools-1.0.tar.gz", true],
    [
      "demo-1.0-cp312-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
      "demo-1.0-cp312-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
      true,
    ],
    ["demo-1.1.tar.gz", "demo-1.0.tar.gz", false],
    ["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz", false],
    ["demo-1.0-py2-none-any.whl", "demo-1.0-py3-none-any.whl", false],
    ["../demo-1.0.tar.gz", "demo-1.0.tar.gz", false],
  ])("an attestation of %s is one of %s: %s", async (attested, filename, isOne) => {
    const sigstore = await TestSigstore.make();
    const text = await sigstore.provenance(GITHUB, { ...FILE, filename: attested, ...onGitHub("acme/demo") });
    const verdict = verifyProvenance(text, { ...FILE, filename }, trustedRootOf(sigstore.root), Date.now());
    expect(verdict).toMatchObject(
      isOne ? { state: "verified" } : { state: "refused", reason: "it is about a file of another name." },
    );
  });

  test("refuses what attests the same twice, and attestations of two publishers", async () => {
    const sigstore = await TestSigstore.make();
    const [one, two] = [onGitHub("acme/demo"), onGitHub("acme/demo", { workflow: "other.yml" })];
    const judged = (text: string) => verifyProvenance(text, FILE, trustedRootOf(sigstore.root), Date.now());
    expect(judged(await sigstore.provenance(GITHUB, { ...FILE, ...one }, { ...FILE, ...one }))).toEqual({
      state: "refused",
      reason: "it attests the same twice.",
    });
    const bundles = await Promise.all([
      sigstore.provenance(GITHUB, { ...FILE, ...one }),
      sigstore.provenance({ ...GITHUB, workflow: "other.yml" }, { ...FILE, ...two, predicate: "slsa" }),
    ]);
    const all = bundles.flatMap((text) => (JSON.parse(text) as { attestation_bundles: object[] }).attestation_bundles);
    expect(judged(JSON.stringify({ version: 1, attestation_bundles: all }))).toEqual({
      state: "refused",
      reason: "its attestations are by several publishers.",
    });
  });
}
