import { expect, test } from "vitest";
import production from "../fixtures/attestations/trusted_root.json?raw";
import staging from "../fixtures/attestations/trusted_root.staging.json?raw";
import provenance from "../fixtures/attestations/pypi_attestations-0.0.19.tar.gz.provenance?raw";
import publish from "../fixtures/attestations/pypi_attestations-0.0.19.tar.gz.publish.attestation?raw";
import slsa from "../fixtures/attestations/pypi_attestations-0.0.19.tar.gz.slsa.attestation?raw";
import gitlab from "../fixtures/attestations/gitlab_oidc_project-0.0.3.tar.gz.publish.attestation?raw";
import models from "../fixtures/attestations/pypi_attestation_models-0.0.4a2.tar.gz.publish.attestation?raw";
import newest from "../fixtures/attestations/rekor2.json?raw";
import { shippedRoot } from "../../worker/provenance/shipped-root.ts";
import { trustedRootOf, type TrustedRoot } from "../../worker/provenance/trusted-root.ts";
import { verifyAttestations, verifyProvenance } from "../../worker/provenance/verify.ts";
import type { Verdict } from "../../worker/pypi/verdict.ts";

const NOW = Date.parse("2026-11-29T12:00:00Z");

/** The files of the fixtures, and an attestation of each. */
const FILES = {
  attestations: {
    filename: "pypi_attestations-0.0.19.tar.gz",
    sha256: "9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3",
    attestation: publish,
  },
  gitlab: {
    filename: "gitlab_oidc_project-0.0.3.tar.gz",
    sha256: "c1ca9b0d85df1606451098233018534497bf584362e10e4a8c21dfaea92c02a8",
    attestation: gitlab,
  },
  models: {
    filename: "pypi_attestation_models-0.0.4a2.tar.gz",
    sha256: "c9709ce6fd5b67b59b4a28758cf14d3f411803c4b89b6068b1f1a8e4ee94c8ef",
    attestation: models,
  },
} as const;

type Name = keyof typeof FILES;

interface Shape {
  verification_material: { certificate: string; transparency_entries: unknown[] };
  envelope: { statement: string; signature: string };
}

const shaped = (text: string) => JSON.parse(text) as Shape;

const alone = (name: Name, text: string = FILES[name].attestation, root: TrustedRoot = shippedRoot()) =>
  verifyAttestations([text], FILES[name], root, NOW);

/** The reason of a verdict that is not "verified". */
const reason = (verdict: Verdict) =>
  verdict.state === "verified" ? "verified" : `${verdict.state}: ${verdict.reason}`;

/** The attestation of one file with parts of another's. */
function mixed(name: Name, other: Name, mix: (into: Shape, from: Shape) => void): string {
  const [into, from] = [shaped(FILES[name].attestation), shaped(FILES[other].attestation)];
  mix(into, from);
  return JSON.stringify(into);
}

/** With one character of the signature changed, so that it stays base64. */
function withOtherSignature(text: string): string {
  const shape = shaped(text);
  const { signature } = shape.envelope;
  shape.envelope.signature = `${signature.slice(0, 20)}${signature[20] === "A" ? "B" : "A"}${signature.slice(21)}`;
  return JSON.stringify(shape);
}

const NAMES = Object.keys(FILES) as Name[];

/** Each row of the fixtures' table. The same on every platform. */
export function verifiesTheFixtures(): void {
  test("verifies a provenance object, and says who signed where and when", () => {
    expect(verifyProvenance(provenance, FILES.attestations, shippedRoot(), NOW)).toEqual({
      state: "verified",
      publisher: {
        kind: "GitHub",
        repository: "trailofbits/pypi-attestations",
        workflow: "release.yml",
        repositoryId: "772247423",
        ownerId: "2314423",
      },
      commit: "08802efe1f8e5fec4ad842d6b8ce97656092ee72",
      ref: "refs/tags/v0.0.19",
      run: "https://github.com/trailofbits/pypi-attestations/actions/runs/12169989787/attempts/1",
      signedAt: Date.parse("2024-12-04T23:14:01Z"),
      logIndex: shaped(publish).verification_material.transparency_entries.map(
        (it) => (it as { logIndex: string }).logIndex,
      )[0],
      predicates: ["publish"],
    });
  });

  test("verifies attestations of both kinds alone and together", () => {
    const predicates = [[publish], [slsa], [publish, slsa]].map((texts) => {
      const verdict = verifyAttestations(texts, FILES.attestations, shippedRoot(), NOW);
      return verdict.state === "verified" && [verdict.publisher.repository, ...verdict.predicates];
    });
    const repository = "trailofbits/pypi-attestations";
    expect(predicates).toEqual([
      [repository, "publish"],
      [repository, "slsa"],
      [repository, "publish", "slsa"],
    ]);
  });

  test("reads the identity of GitLab, and of another repository on GitHub", () => {
    expect(alone("gitlab")).toMatchObject({
      state: "verified",
      publisher: { kind: "GitLab", repository: "facutuesca/gitlab-oidc-project", workflow: ".gitlab-ci.yml" },
      ref: "refs/heads/main",
    });
    expect(alone("models")).toMatchObject({
      state: "verified",
      publisher: { kind: "GitHub", repository: "trailofbits/pypi-attestation-models", workflow: "release.yml" },
      ref: "refs/tags/v0.0.4a2",
    });
  });

  test("verifies what pypi-edge upload --attest --rekor-version 2 has made", () => {
    const { file, root, attestation } = JSON.parse(newest) as {
      readonly file: { readonly filename: string; readonly sha256: string };
      readonly root: object;
      readonly attestation: object;
    };
    expect(verifyAttestations([JSON.stringify(attestation)], file, trustedRootOf(root), NOW)).toMatchObject({
      state: "verified",
      publisher: { kind: "GitHub", repository: "acme/demo", workflow: "release.yml" },
      signedAt: expect.any(Number),
      predicates: ["publish"],
    });
  });

  test("refuses another file's bytes and another name", () => {
    for (const name of NAMES) {
      const { filename, sha256, attestation } = FILES[name];
      const other = { filename, sha256: "0".repeat(64) };
      expect(reason(verifyAttestations([attestation], other, shippedRoot(), NOW))).toBe(
        "refused: it is about a file with another digest.",
      );
      const renamed = { filename: `x${filename}`, sha256 };
      expect(reason(verifyAttestations([attestation], renamed, shippedRoot(), NOW))).toBe(
        "refused: it is about a file of another name.",
      );
    }
  });

  test("refuses a changed signature", () => {
    for (const name of NAMES) {
      expect(reason(alone(name, withOtherSignature(FILES[name].attestation)))).toBe(
        "refused: its statement or signature differs from the transparency log's entry.",
      );
    }
  });

  test("refuses the statement, the certificate and the log entry of another", () => {
    for (const [name, other] of [
      ["attestations", "models"],
      ["models", "gitlab"],
      ["gitlab", "attestations"],
    ] as const) {
      const statement = mixed(name, other, (into, from) => (into.envelope.statement = from.envelope.statement));
      expect(reason(alone(name, statement))).toBe(
        "refused: its statement or signature differs from the transparency log's entry.",
      );
      const certificate = mixed(name, other, (into, from) => {
        into.verification_material.certificate = from.verification_material.certificate;
      });
      expect(reason(alone(name, certificate))).toMatch(
        /^refused: its certificate is of no authority|^refused: its signature is not by/,
      );
      const entry = mixed(name, other, (into, from) => {
        into.verification_material.transparency_entries = from.verification_material.transparency_entries;
      });
      expect(alone(name, entry).state).toBe("refused");
    }
  });

  test("refuses an attestation without a log entry", () => {
    const none = mixed("models", "models", (into) => (into.verification_material.transparency_entries = []));
    expect(reason(alone("models", none))).toBe("refused: it is not an attestation (PEP 740).");
  });

  test("refuses everything under another root", () => {
    for (const name of NAMES) {
      expect(reason(alone(name, FILES[name].attestation, trustedRootOf(JSON.parse(staging))))).toMatch(
        /^refused: its certificate is of no authority/,
      );
    }
  });

  test("refuses a publisher that the certificate does not name", () => {
    const changed = (member: string, value: unknown) => {
      const object = JSON.parse(provenance) as { attestation_bundles: { publisher: Record<string, unknown> }[] };
      for (const { publisher } of object.attestation_bundles) publisher[member] = value;
      return reason(verifyProvenance(JSON.stringify(object), FILES.attestations, shippedRoot(), NOW));
    };
    const another =
      "refused: its index states another publisher than its certificate, which says GitHub trailofbits/pypi-attestations (release.yml).";
    expect(changed("repository", "evil/pypi-attestations")).toBe(another);
    expect(changed("workflow", "other.yml")).toBe(another);
    expect(changed("kind", "GitLab")).toBe(another);
    expect(changed("kind", "ActiveState")).toBe(
      'refused: no certificate is known here for publishers of the kind "ActiveState".',
    );
  });

  test("verifies nothing without a root, or by one that has expired", () => {
    expect(reason(verifyProvenance(provenance, FILES.attestations, undefined, NOW))).toMatch(
      /^unknown: There is no trusted root/,
    );
    const dated = {
      root: JSON.parse(production) as object,
      takenAt: "2025-01-01T00:00:00Z",
      expiresAt: "2026-01-01T00:00:00Z",
    };
    expect(reason(verifyProvenance(provenance, FILES.attestations, trustedRootOf(dated), NOW))).toMatch(
      /^unknown: The trusted root has expired on 2026-01-01/,
    );
    expect(trustedRootOf(dated).id).toBe(trustedRootOf(JSON.parse(production)).id);
  });

  test("refuses what is too long, too deep or not JSON", () => {
    const refused = (text: string) => reason(verifyProvenance(text, FILES.attestations, shippedRoot(), NOW));
    expect(refused(`${provenance}${" ".repeat(300_000)}`)).toBe("refused: it has more than 256 KiB.");
    expect(refused("[".repeat(100_000))).toBe("refused: it is not JSON.");
    expect(refused(`${"[".repeat(100_000)}${"]".repeat(100_000)}`)).toBe(
      "refused: it is not a provenance object (PEP 740).",
    );
    expect(refused("")).toBe("refused: it is not JSON.");
    expect(refused("null")).toBe("refused: it is not a provenance object (PEP 740).");
  });
}
