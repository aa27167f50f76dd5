import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { startProduct, type Product } from "../../cli/demo/product.ts";
import { Witness } from "../../cli/demo/witness.ts";
import { Authority, hasOpenssl } from "../support/node/certificates.ts";
import { Place } from "../support/node/clients/place.ts";
import { smallContent } from "../support/node/fake-index/content.ts";
import { fakeIndex } from "../support/node/fake-index/fake-index.ts";
import { actor } from "./cast.ts";

const { backends } = inject("supplies");

describe.skipIf(backends === null || !hasOpenssl())("over TLS, with a certificate of one's own authority", () => {
  const authority = new Authority();
  const { cert, key } = authority.issue("IP:127.0.0.1");
  const state = temporaryDirectory();
  let witness: Witness;
  let product: Product;
  beforeAll(async () => {
    witness = await new Witness(fakeIndex(await smallContent(backends ?? ""), () => "pypi")).start();
    product = await startProduct(witness.index, state, { also: ["--tls-cert", cert, "--tls-key", key] });
  });
  afterAll(async () => {
    await product?.stop();
    await witness?.stop();
    removeDirectory(state);
    rmSync(authority.folder, { recursive: true });
  });

  /** Installs in a new place, where the client knows this authority, or none that has issued the certificate. */
  async function install(name: "pip" | "uv-pip", knows: string | undefined) {
    const place = await Place.make();
    const run = place.run.bind(place);
    place.run = (command, args, variables) =>
      run(command, args, { ...(knows && { PIP_CERT: knows, SSL_CERT_FILE: knows }), PIP_RETRIES: "0", ...variables });
    try {
      const { code, output } = await actor(name)
        .client()
        .install("picnic", product.index.replace("http:", "https:"), place);
      return { code, output, imported: (await place.python("import picnic")).code };
    } finally {
      place.remove();
    }
  }

  test.for(["pip", "uv-pip"] as const)("%s installs", async (name, { skip }) => {
    skip(!actor(name).available);
    const { code, output, imported } = await install(name, authority.file);
    expect([code, imported], output).toEqual([0, 0]);
  });

  test.for(["pip", "uv-pip"] as const)("%s refuses it where it does not know the authority", async (name, { skip }) => {
    skip(!actor(name).available);
    const { code, output } = await install(name, undefined);
    expect(code).not.toBe(0);
    expect(output).toMatch(/certificate|UnknownIssuer/i);
  });
});
