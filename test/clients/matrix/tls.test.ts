import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { Witness } from "../../../cli/demo/witness.ts";
import { Sessions } from "../../../server/http2/sessions.ts";
import type { ServedHandler } from "../../platform/machine/http-suite.ts";
import { productOnMachine, variablesFor } from "../../platform/machine/recorded/servers.ts";
import { Authority, hasOpenssl } from "../../support/node/certificates.ts";
import { Place } from "../../support/node/clients/place.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { answerOverHttp2, openSession } from "../../support/node/over-http2.ts";
import { PUBLISHERS, type PublisherName } from "../../support/node/publishers/table.ts";
import type { RawAnswer } from "../../support/node/raw-http.ts";
import { pack } from "../publishing/parcels.ts";

const ADMIN = "the-admin-token-of-this-test";

/** Publishing clients, and the version of HTTP that each speaks. */
const VERSIONS: readonly (readonly [PublisherName, string])[] = [
  ["twine", "HTTP/1.1"],
  ["poetry", "HTTP/1.1"],
  ["uv", "HTTP/2"],
];

describe.skipIf(!hasOpenssl())("over TLS of the server's own", () => {
  const authority = new Authority();
  const begun = vi.spyOn(Sessions.prototype, "begin");
  let witness: Witness;
  let product: ServedHandler;
  beforeAll(async () => {
    witness = await new Witness(fakeIndex([], () => "pypi")).start();
    product = await productOnMachine(variablesFor(witness.index, ADMIN), authority.issue("IP:127.0.0.1"));
  });
  afterAll(async () => {
    await product?.stop();
    await witness?.stop();
    rmSync(authority.folder, { recursive: true });
  });

  async function send(request: string, token: string, body = ""): Promise<RawAnswer> {
    const session = openSession(product.port);
    const fields = ["Host: 127.0.0.1", `Authorization: Bearer ${token}`, "Content-Type: application/json"];
    try {
      return await answerOverHttp2(session, `${request} HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n${body}`);
    } finally {
      session.close();
    }
  }

  test.for(VERSIONS)(
    "%s publishes over %s, and shows why other bytes are refused",
    async ([name, version], { skip }) => {
      const home = inject("publishers").homes[name];
      skip(home === undefined, "not available on this machine");
      if (home === undefined) return;
      const grant = JSON.stringify({ name, index: "team", scopes: ["read", "upload"] });
      const made = await send("POST /-/api/tokens", ADMIN, grant);
      const { token } = JSON.parse(made.body.toString()) as { token: string };
      const url = `https://127.0.0.1:${product.port}/team/legacy/`;

      const publish = async (note: string) => {
        const place = await Place.make();
        const run = place.run.bind(place);
        const known = { REQUESTS_CA_BUNDLE: authority.file, SSL_CERT_FILE: authority.file };
        place.run = (command, args, variables, signal) => run(command, args, { ...known, ...variables }, signal);
        try {
          const parcel = { project: `${name}anchor`, version: "1.0" };
          await pack(place, parcel, { note });
          return await PUBLISHERS[name].publisher(home).publish(parcel, { url, token }, place);
        } finally {
          place.remove();
        }
      };

      begun.mockClear();
      const first = await publish("one");
      expect(first.code, first.output).toBe(0);
      expect(begun.mock.calls.length > 0).toBe(version === "HTTP/2");
      const page = await send(`GET /team/simple/${name}anchor/`, token);
      expect(page.body.toString()).toContain(`${name}anchor-1.0-py3-none-any.whl`);
      const other = await publish("another");
      expect(other.code).not.toBe(0);
      expect(other.output).toMatch(/File already exists/);
    },
  );
});
