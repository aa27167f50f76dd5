import { createServer, request as ask, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildWheel, type Wheel } from "../../cli/demo/wheel.ts";
import { findChromium, visit } from "../support/node/chromium.ts";
import { pathOf } from "../support/node/fake-index/distribution.ts";
import { fakeIndex } from "../support/node/fake-index/fake-index.ts";
import { SERIAL } from "../support/node/fake-index/simple.ts";
import { Rig } from "../support/node/rig.ts";
import { Team } from "../support/node/team.ts";

const SCRIPT = join(import.meta.dirname, "browser", "other-origin.js");
const chromium = findChromium();

/** What the page saw of an answer, or that the browser showed it none. */
interface Seen {
  readonly status?: number;
  readonly url?: string;
  readonly length?: number;
  readonly start?: string;
  readonly etag?: string | null;
  readonly range?: string | null;
  readonly serial?: string | null;
  readonly blocked?: string;
}

/**
 * Hands requests on with a token that has every right, as a browser sends a password along that it was once given, and notes how
 * they were answered.
 */
class Remembering {
  readonly answered: string[] = [];
  readonly #server: Server;

  constructor(origin: string, token: string) {
    this.#server = createServer((incoming, outgoing) => {
      const { method, url = "/", headers } = incoming;
      const known = { ...headers, authorization: headers.authorization ?? `Basic ${btoa(`__token__:${token}`)}` };
      // A preflight has no password, whatever a browser knows (Fetch standard, 4.8).
      const sent = method === "OPTIONS" ? headers : known;
      const onward = ask(new URL(url, origin).href, { method, headers: sent, agent: false }, (answer) => {
        this.answered.push(`${method} ${url} ${answer.statusCode}`);
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      incoming.pipe(onward.once("error", () => outgoing.destroy()));
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describe.skipIf(chromium === undefined).for([
  ["another site", "localhost"],
  ["another port of the same host", "127.0.0.1"],
] as const)("a page of %s, in Chromium", ([, host]) => {
  let rig: Rig | undefined;
  let proxy: Remembering | undefined;
  let origin: string;
  let token: string;
  let wheel: Wheel;
  let seen: Record<string, Seen>;
  beforeAll(async () => {
    wheel = await buildWheel({ name: "bread", version: "1.9" });
    rig = await Rig.open(fakeIndex([wheel], () => "pypi"));
    token = await new Team(rig).token({ scopes: ["admin"], index: "*" });
    proxy = new Remembering(new URL(rig.index).origin, token);
    origin = await proxy.start();
    const file = `/files/${new URL(rig.witness.index).host}${pathOf(wheel)}`;
    const argument = { origin, file, token };
    const { result, error } = await visit<typeof seen>(chromium ?? "", { path: SCRIPT, argument, host });
    if (result === undefined) throw new Error(error);
    seen = result;
  });
  afterAll(async () => {
    proxy?.stop();
    await rig?.close();
  });

  test("reads pages, files, parts of files and errors of an open index", () => {
    const size = wheel.bytes.byteLength;
    expect(seen["root"]).toMatchObject({ status: 200, start: '{"meta":{"api-v' });
    expect(seen["page"]).toMatchObject({ status: 200, serial: String(SERIAL), etag: expect.stringMatching(/^"/) });
    expect(seen["html"]).toMatchObject({ status: 200, start: "<!DOCTYPE html>" });
    expect(seen["redirect"]).toMatchObject({ status: 200, url: `${origin}/simple/bread/` });
    expect(seen["known"]).toMatchObject({ status: 304, etag: seen["page"]?.etag });
    expect(seen["whole"]).toMatchObject({ status: 200, length: size, etag: `"${wheel.sha256}"` });
    expect(seen["part"]).toMatchObject({ status: 206, length: 22, range: `bytes ${size - 22}-${size - 1}/${size}` });
    expect(seen["beyond"]).toMatchObject({ status: 416, range: `bytes */${size}` });
    expect(seen["metadata"]).toMatchObject({ status: 200, start: "Metadata-Versio" });
    expect(seen["head"]).toMatchObject({ status: 200, length: 0, etag: `"${wheel.sha256}"` });
    expect([seen["absent"]?.status, seen["wrong"]?.status, seen["nothing"]?.status]).toEqual([404, 400, 404]);
  });

  test("reads nothing else, though its browser had the password", () => {
    for (const what of ["private", "privateWithToken", "api", "figures"]) {
      expect([what, seen[what]]).toEqual([what, { blocked: "TypeError" }]);
    }
    // The answers were there, and the page did not get them.
    expect(proxy?.answered).toEqual(expect.arrayContaining(["GET /team/simple/ 200", "GET /-/metrics 200"]));
  });

  test("uploads nothing, and changes nothing by the API, though its browser had the password", async () => {
    const writes = proxy?.answered.filter((line) => /^(?:POST|PUT|DELETE) /.test(line));
    expect(writes).toEqual([
      "POST /-/api/tokens 403",
      "POST /-/api/tokens 403",
      "POST /team/legacy/ 403",
      "POST /team/legacy/ 403",
      "POST /-/api/jobs/sweep 403",
    ]);
    for (const what of ["token", "upload", "revoked"]) expect(seen[what]).toEqual({ blocked: "TypeError" });
    // The same from what is no browser does what it says.
    const body = JSON.stringify({ name: "meant", index: "team", scopes: ["read"] });
    expect((await fetch(`${origin}/-/api/tokens`, { method: "POST", body })).status).toBe(201);
    const listed = await (await fetch(`${origin}/-/api/tokens`)).text();
    expect(listed).toContain('"meant"');
    expect(listed).not.toContain("forged");
  });
});
