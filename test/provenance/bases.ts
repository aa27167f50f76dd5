import provenance from "../fixtures/attestations/pypi_attestations-0.0.19.tar.gz.provenance?raw";
import slsa from "../fixtures/attestations/pypi_attestations-0.0.19.tar.gz.slsa.attestation?raw";
import gitlab from "../fixtures/attestations/gitlab_oidc_project-0.0.3.tar.gz.publish.attestation?raw";
import models from "../fixtures/attestations/pypi_attestation_models-0.0.4a2.tar.gz.publish.attestation?raw";
import { shippedRoot } from "../../worker/provenance/shipped-root.ts";
import { verifyProvenance } from "../../worker/provenance/verify.ts";
import { Random } from "../fuzz/random.ts";
import { mutated } from "./mutate.ts";

const object = (publisher: object, attestation: string) =>
  JSON.stringify({ version: 1, attestation_bundles: [{ publisher, attestations: [JSON.parse(attestation)] }] });

const GITHUB = { kind: "GitHub", workflow: "release.yml" };
const ATTESTATIONS = {
  filename: "pypi_attestations-0.0.19.tar.gz",
  sha256: "9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3",
};

/** Provenance objects that are right, of real files, with the repository that the oracle is told of. */
export const BASES = [
  { ...ATTESTATIONS, text: provenance, repository: "https://github.com/trailofbits/pypi-attestations" },
  {
    ...ATTESTATIONS,
    text: object({ ...GITHUB, repository: "trailofbits/pypi-attestations" }, slsa),
    repository: "https://github.com/trailofbits/pypi-attestations",
  },
  {
    filename: "gitlab_oidc_project-0.0.3.tar.gz",
    sha256: "c1ca9b0d85df1606451098233018534497bf584362e10e4a8c21dfaea92c02a8",
    text: object(
      { kind: "GitLab", repository: "facutuesca/gitlab-oidc-project", workflow_filepath: ".gitlab-ci.yml" },
      gitlab,
    ),
    repository: "https://gitlab.com/facutuesca/gitlab-oidc-project",
  },
  {
    filename: "pypi_attestation_models-0.0.4a2.tar.gz",
    sha256: "c9709ce6fd5b67b59b4a28758cf14d3f411803c4b89b6068b1f1a8e4ee94c8ef",
    text: object({ ...GITHUB, repository: "trailofbits/pypi-attestation-models" }, models),
    repository: "https://github.com/trailofbits/pypi-attestation-models",
  },
] as const;

const NOW = Date.parse("2026-11-29T12:00:00Z");

export const judged = (base: (typeof BASES)[number], text: string) => verifyProvenance(text, base, shippedRoot(), NOW);

/** So many objects that were changed, each with what it was made of. The same for one seed. */
export function mutants(count: number, seed: number) {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const base = random.pick(BASES);
    const others = BASES.filter(({ filename }) => filename !== base.filename).map((other) => other.text);
    return { base, text: mutated(random, base.text, others) };
  });
}

/** Verifies so many of them, and returns those that came out as anything but refused. */
export const wronglyJudged = (count: number, seed: number): string[] =>
  mutants(count, seed).flatMap(({ base, text }, at) => {
    const { state } = judged(base, text);
    return state === "refused" ? [] : [`${at}, ${state}: ${text.slice(0, 500)}`];
  });
