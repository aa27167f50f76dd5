import { afterAll, beforeAll, expect, test } from "vitest";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { Witness } from "../../../cli/demo/witness.ts";
import { createApp } from "../../../worker/app.ts";
import { compose } from "../../../worker/compose/services.ts";
import type { Platform } from "../../../worker/platform/platform.ts";
import { parseConfig } from "../../../schema/config.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { answeringRoutes } from "../../support/routes.ts";
import type { ServedHandler } from "../../platform/machine/http-suite.ts";
import { answerOf, comparable, type Told } from "../../platform/machine/recorded/compare.ts";
import { productInWorkerd, productOnMachine, variablesFor } from "../../platform/machine/recorded/servers.ts";
import { recordedRequests, type Content } from "../../platform/machine/recorded/table.ts";

/*
 * The same requests, byte for byte, go to the bundle in workerd and to the server on this machine, which began with empty
 * stores in front of the same upstream. Status, reason phrase, headers and bytes of the answers are the same.
 */

const ADMIN_TOKEN = "recorded-admin-token-of-forty-characters";

let content: Content;
let witness: Witness;
let variables: Record<string, unknown>;
const served: ServedHandler[] = [];
beforeAll(async () => {
  const [mirrored, uploaded, inParts] = await Promise.all(
    ["picnic", "acme-tools", "acme-parts"].map((name) => buildWheel({ name, version: "1.0" })),
  );
  if (!mirrored || !uploaded || !inParts) throw new Error("No wheels.");
  witness = await new Witness(fakeIndex([mirrored], () => "pypi")).start();
  variables = variablesFor(witness.index, ADMIN_TOKEN);
  served.push(await productInWorkerd(variables), await productOnMachine(variables));
  content = { mirrored, uploaded, inParts, adminToken: ADMIN_TOKEN, address: await addressOf(mirrored.filename) };
}, 120_000);
afterAll(async () => {
  await Promise.all(served.map((server) => server.stop()));
  await witness.stop();
});

/** The file's address below `files/`, from the page. */
async function addressOf(filename: string): Promise<string> {
  const page = await fetch(new URL("picnic/", witness.index), { headers: { Accept: "text/html" } });
  const [, url = ""] = new RegExp(`href="([^"#]*${filename.replaceAll(".", "[.]")})`).exec(await page.text()) ?? [];
  const { host, pathname } = new URL(url, page.url);
  return host + pathname;
}

test("each route has at least five requests", () => {
  const config = parseConfig(variables);
  // The routes are there before anything is asked of the platform.
  const platform = new Proxy({}, { get: () => () => undefined }) as Platform;
  const { routes } = createApp(config, compose(config, platform), platform);
  const lines = [...new Set(routes.map(({ method, path }) => `${method} ${path}`))];
  const table = new Map(recordedRequests(content));
  expect([...table.keys()].toSorted()).toEqual(answeringRoutes(lines).toSorted());
  expect([...table].filter(([, requests]) => requests.length < 5)).toEqual([]);
});

test("each request is answered alike", { timeout: 300_000 }, async () => {
  const [one, other] = served.map(({ port }): Told => ({ port, known: new Map() }));
  if (!one || !other) throw new Error("Two servers are compared.");
  const faults: string[] = [];
  for (const [route, requests] of recordedRequests(content)) {
    for (const recorded of requests) {
      const [expected, found] = await Promise.all([answerOf(one, recorded), answerOf(other, recorded)]);
      const lines = differences(comparable(expected, one, found), comparable(found, other, expected));
      if (expected.status === 500) lines.push("was answered with 500");
      if (lines.length > 0) faults.push([`${route}: ${recorded.text.slice(0, 300)}`, ...lines].join("\n"));
    }
  }
  expect(faults).toEqual([]);
});

/** The lines that only one of the two has. */
const differences = (one: readonly string[], other: readonly string[]) => [
  ...one.filter((line) => !other.includes(line)).map((line) => `- ${line.slice(0, 200)}`),
  ...other.filter((line) => !one.includes(line)).map((line) => `+ ${line.slice(0, 200)}`),
];
