import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { run } from "../../../cli/demo/process.ts";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { Rig } from "../../support/node/rig.ts";
import { identityTokenOf, SigningServices } from "../../support/node/signing-services.ts";
import { Team } from "../../support/node/team.ts";
import { onGitHub, TestSigstore } from "../../support/sigstore/sigstore.ts";

const { twine } = inject("publishers").homes;

/** A server that goes by this sigstore's root. `folder`: where its configuration is written. */
async function trusting(sigstore: TestSigstore, folder: string): Promise<Rig> {
  const config = join(folder, "team.toml");
  writeFileSync(config, `[vars]\nTRUSTED_ROOT = '''${JSON.stringify(sigstore.root)}'''\n`);
  return Rig.open(
    fakeIndex([], () => "pypi"),
    "--config",
    config,
  );
}

test("pypi-edge upload --attest publishes a file that a CI job has built, with its provenance", async () => {
  const folder = temporaryDirectory();
  const sigstore = await TestSigstore.make();
  const services = await new SigningServices(sigstore, { "the job": onGitHub("acme/parcel") }).start();
  const rig = await trusting(sigstore, folder);
  try {
    const wheel = await buildWheel({ name: "parcel", version: "1.0" });
    const path = join(folder, wheel.filename);
    writeFileSync(path, wheel.bytes);
    const job = { ...process.env, SIGSTORE_ID_TOKEN: identityTokenOf("the job") };
    const signing = ["--attest", "--fulcio", services.url, "--rekor", services.url];
    const sent = await rig.commandIn(job, "upload", path, "--index", "team", ...signing);
    expect(sent.code, sent.output).toBe(0);
    const later = await buildWheel({ name: "parcel", version: "1.1" });
    writeFileSync(join(folder, later.filename), later.bytes);
    const again = async (...how: string[]) =>
      (await rig.commandIn(job, "upload", join(folder, later.filename), "--index", "team", ...how)).output;
    expect(await again()).toContain("1 published");
    expect(await again(...signing)).toContain("1 attested");
    expect(await again(...signing)).toContain("1 already there");
    const root = join(folder, "root.json");
    writeFileSync(root, JSON.stringify(sigstore.root));
    const { code, output } = await rig.command("provenance", "parcel==1.0", "--index", "team", "--root", root);
    expect([code, output]).toEqual([0, expect.stringContaining("GitHub acme/parcel (release.yml)")]);
    const { output: added } = await rig.command("provenance", "parcel==1.1", "--index", "team", "--root", root);
    expect(added).toContain("GitHub acme/parcel (release.yml)");
  } finally {
    await rig.close();
    await services.stop();
    rmSync(folder, { recursive: true });
  }
});

test.skipIf(twine === undefined)(
  "twine --attestations publishes a file with its provenance, and prints why it is refused",
  async () => {
    const folder = temporaryDirectory();
    const sigstore = await TestSigstore.make();
    const rig = await trusting(sigstore, folder);
    try {
      const team = new Team(rig);
      const token = await team.token({ scopes: ["upload", "read"] });
      const wheel = await buildWheel({ name: "parcel", version: "1.0" });
      const { filename, sha256 } = wheel;
      const path = join(folder, filename);
      writeFileSync(path, wheel.bytes);
      const publish = async (digest: string) => {
        const attestation = await sigstore.attest({ filename, sha256: digest, ...onGitHub("acme/parcel") });
        writeFileSync(`${path}.publish.attestation`, JSON.stringify(attestation));
        const args = [
          "upload",
          "--attestations",
          "--non-interactive",
          "--disable-progress-bar",
          "-u",
          "__token__",
          "-p",
          token,
        ];
        const url = ["--repository-url", team.legacy()];
        return run(twine?.python ?? "", ["-m", "twine", ...args, ...url, path, `${path}.publish.attestation`]);
      };

      const refused = await publish("0".repeat(64));
      expect(refused.code).not.toBe(0);
      expect(refused.output.replaceAll(/\s+/g, " ")).toContain("it is about a file with another digest");
      expect(await team.hosted("parcel")).toEqual([]);

      const published = await publish(sha256);
      expect(published.code, published.output).toBe(0);
      const root = join(folder, "root.json");
      writeFileSync(root, JSON.stringify(sigstore.root));
      const { code, output } = await rig.command("provenance", "parcel==1.0", "--index", "team", "--root", root);
      expect([code, output]).toEqual([0, expect.stringContaining("GitHub acme/parcel (release.yml)")]);
    } finally {
      await rig.close();
      rmSync(folder, { recursive: true });
    }
  },
);
