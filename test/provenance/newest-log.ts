import { expect, test } from "vitest";
import { provenanceObject } from "../../schema/provenance.ts";
import { trustedRootOf } from "../../worker/provenance/trusted-root.ts";
import { verifyAttestations, verifyProvenance } from "../../worker/provenance/verify.ts";
import { Random } from "../fuzz/random.ts";
import { onGitHub, TestSigstore, type LogKind } from "../support/sigstore/sigstore.ts";
import { mutated } from "./mutate.ts";

const FILE = { filename: "demo-1.0.tar.gz", sha256: "d".repeat(64) };
const GITHUB = { kind: "GitHub", repository: "acme/demo", workflow: "release.yml" };
const AT = Date.parse("2026-11-20T10:00:00Z");
const NOW = Date.parse("2026-11-29T12:00:00Z");

/** A sigstore with the newest kind of log, and a provenance object of it. */
async function signed(kind: LogKind = "rekor2") {
  const sigstore = await TestSigstore.make(kind);
  const text = await sigstore.provenance(GITHUB, { ...FILE, ...onGitHub("acme/demo"), at: AT });
  const root = trustedRootOf(sigstore.root);
  return { sigstore, text, judged: (other: string) => verifyProvenance(other, FILE, root, NOW) };
}

/** Changes what the object says of its one attestation. */
function changed(text: string, change: (material: Material) => void): string {
  const object = provenanceObject.parse(JSON.parse(text));
  const material = object.attestation_bundles[0]?.attestations[0]?.verification_material;
  if (material) change(material);
  return JSON.stringify(object);
}

type Material = ReturnType<
  typeof provenanceObject.parse
>["attestation_bundles"][number]["attestations"][number]["verification_material"];

/** Verifies so many changed objects, and returns those that came out as anything but refused. */
export async function wronglyJudgedOfTheNewestLog(count: number, seed: number): Promise<string[]> {
  const [{ text, judged }, other] = await Promise.all([signed(), signed()]);
  const random = new Random(seed);
  const whole = JSON.stringify(judged(text));
  return Array.from({ length: count }, () => mutated(random, text, [other.text])).flatMap((made, at) => {
    const verdict = judged(made);
    // What a timestamp says beside its signed part has no effect: such an object says the same.
    return verdict.state === "refused" || JSON.stringify(verdict) === whole
      ? []
      : [`${at}, ${verdict.state}: ${made.slice(0, 500)}`];
  });
}

/** Bundles of the newest kind of log: an Ed25519 key, a checkpoint, and a signed time. The same on every platform. */
export function verifiesTheNewestLog(): void {
  test("verifies by a log that gives no time, and says when the timestamp authority saw it", async () => {
    const { text, judged } = await signed();
    expect(judged(text)).toMatchObject({
      state: "verified",
      publisher: { repository: "acme/demo" },
      signedAt: AT,
      predicates: ["publish"],
    });
  });

  test("verifies an entry for the envelope too, as the newest log had them at first", async () => {
    const { text, judged } = await signed("rekor2-dsse");
    expect(judged(text)).toMatchObject({ state: "verified", signedAt: AT });
  });

  test.each(["ecdsa", "rekor2", "rekor2-dsse"] as const)(
    "refuses what a log (%s) has under another certificate for the same key",
    async (kind) => {
      const sigstore = await TestSigstore.make(kind);
      const file = { ...FILE, ...onGitHub("acme/demo"), at: AT };
      const judge = (attestation: object) =>
        verifyAttestations([JSON.stringify(attestation)], FILE, trustedRootOf(sigstore.root), NOW);
      expect(judge(await sigstore.attest(file)).state).toBe("verified");
      expect(judge(await sigstore.attest({ ...file, loggedAs: onGitHub("other/demo") }))).toEqual({
        state: "refused",
        reason: "the transparency log has it under another certificate.",
      });
    },
  );

  test("refuses one without a time, with the time of another, and with one that no authority of the root has signed", async () => {
    const [{ sigstore, text, judged }, other] = await Promise.all([signed(), signed()]);
    const reason = (change: (material: Material) => void) => {
      const verdict = judged(changed(text, change));
      return verdict.state === "refused" ? verdict.reason : verdict.state;
    };
    const untimed = "nothing that is trusted says when it was signed.";
    expect(reason((material) => delete material.timestamp_verification_data)).toBe(untimed);
    const timeOf = (from: string) => {
      let time: Material["timestamp_verification_data"];
      changed(from, (material) => (time = material.timestamp_verification_data));
      return time;
    };
    const another = await sigstore.provenance(GITHUB, { ...FILE, ...onGitHub("acme/demo"), at: AT });
    for (const from of [another, other.text]) {
      expect(reason((material) => (material.timestamp_verification_data = timeOf(from)))).toBe(untimed);
    }
    // A time of its own, without a signature, is none.
    expect(
      reason((material) => {
        delete material.timestamp_verification_data;
        for (const entry of material.transparency_entries) entry.integratedTime = `${AT / 1_000}`;
      }),
    ).toBe(untimed);
  });

  test("refuses a signature after the certificate's end", async () => {
    const { sigstore, text, judged } = await signed();
    const late = await sigstore.stampedAnew(text, AT + 3_600_000);
    expect(judged(late)).toMatchObject({
      state: "refused",
      reason: expect.stringContaining("was not valid when it signed"),
    });
  });

  test("refuses a proof of another tree, a checkpoint of another log and one without a signature", async () => {
    const [{ text, judged }, other] = await Promise.all([signed(), signed()]);
    const entriesOf = (from: string) => {
      let entries: Material["transparency_entries"] = [];
      changed(from, (material) => (entries = material.transparency_entries));
      return entries;
    };
    const state = (change: (proof: Material["transparency_entries"][number]["inclusionProof"]) => void) =>
      judged(
        changed(text, ({ transparency_entries: entries }) =>
          entries.forEach(({ inclusionProof }) => change(inclusionProof)),
        ),
      ).state;
    const [theirs] = entriesOf(other.text);
    expect(state((proof) => (proof.hashes = ["AAAA"]))).toBe("refused");
    expect(state((proof) => (proof.hashes = []))).toBe("refused");
    expect(state((proof) => (proof.logIndex = "0"))).toBe("refused");
    // Nothing signs the entry's own index, which is shown.
    const elsewhere = changed(text, ({ transparency_entries: entries }) => {
      for (const entry of entries) entry.logIndex = "0";
    });
    expect(judged(elsewhere).state).toBe("refused");
    expect(state((proof) => Object.assign(proof, theirs?.inclusionProof))).toBe("refused");
    expect(state((proof) => (proof.checkpoint.envelope = proof.checkpoint.envelope.split("—")[0] ?? ""))).toBe(
      "refused",
    );
  });

  test("refuses what was changed in any way", async () => {
    expect(await wronglyJudgedOfTheNewestLog(100, 1)).toEqual([]);
  });
}
