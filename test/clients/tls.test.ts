import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { Witness } from "../../cli/demo/witness.ts";
import { Sessions } from "../../server/http2/sessions.ts";
import type { ServedHandler } from "../platform/machine/http-suite.ts";
import { productOnMachine, variablesFor } from "../platform/machine/recorded/servers.ts";
import { Authority, hasOpenssl } from "../support/node/certificates.ts";
import { Place } from "../support/node/clients/place.ts";
import { smallContent } from "../support/node/fake-index/content.ts";
import { fakeIndex } from "../support/node/fake-index/fake-index.ts";
import { actor } from "./cast.ts";

const { backends } = inject("supplies");

describe.skipIf(backends === null || !hasOpenssl())("over TLS, with a certificate of one's own authority", () => {
  const authority = new Authority();
  const begun = vi.spyOn(Sessions.prototype, "begin");
  let witness: Witness;
  let product: ServedHandler;
  beforeAll(async () => {
    witness = await new Witness(fakeIndex(await smallContent(backends ?? ""), () => "pypi")).start();
    const variables = variablesFor(witness.index, "the-admin-token-of-this-test");
    product = await productOnMachine(variables, authority.issue("IP:127.0.0.1"));
  });
  afterAll(async () => {
    await product?.stop();
    await witness?.stop();
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
        .install("picnic", `https://127.0.0.1:${product.port}/simple/`, place);
      return { code, output, imported: (await place.python("import picnic")).code };
    } finally {
      place.remove();
    }
  }

  test.for([
    ["pip", "HTTP/1.1"],
    ["uv-pip", "HTTP/2"],
  ] as const)("%s installs, over %s", async ([name, version], { skip }) => {
    skip(!actor(name).available);
    begun.mockClear();
    const { code, output, imported } = await install(name, authority.file);
    expect([code, imported], output).toEqual([0, 0]);
    expect(begun.mock.calls.length > 0).toBe(version === "HTTP/2");
  });

  test.for(["pip", "uv-pip"] as const)("%s refuses it where it does not know the authority", async (name, { skip }) => {
    skip(!actor(name).available);
    const { code, output } = await install(name, undefined);
    expect(code).not.toBe(0);
    expect(output).toMatch(/certificate|UnknownIssuer/i);
  });
});
