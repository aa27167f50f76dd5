import { describe, expect, test } from "vitest";
import { bare, digest, METADATA, NAME, PAGE, published, URL_OF_WHEEL, WHEEL } from "../support/bare.ts";
import { JSON_TYPE, Rig, VARS, type PageJson } from "../support/rig.ts";
import { fileResponse } from "../support/upstream.ts";

const OWN = { sha256: await digest(METADATA) };

/** An upstream's page in HTML, and the wheel that it links to, which can be had in parts. */
function linked(rig: Rig, page: string, attributes = ""): Rig {
  const html = `<a href="${URL_OF_WHEEL}"${attributes}>${NAME}</a>`;
  rig.upstream.on(page, () => new Response(html, { headers: { "Content-Type": "text/html" } }));
  rig.upstream.on(URL_OF_WHEEL, (request) => fileResponse(request, WHEEL, { ranges: true }));
  return rig;
}

const shelf = () =>
  new Rig({
    UPSTREAMS: { shelf: { find_links: "https://upstream.test/wheels.html" }, ...VARS.UPSTREAMS },
    INDEXES: { default: { sources: ["shelf"] } },
  });

/** Upstreams by what they say of a wheel's metadata. */
const UPSTREAMS: Record<string, () => Rig | Promise<Rig>> = {
  "that has it": () => published({ metadata: METADATA }),
  "that says true": () => published({ metadata: METADATA, entry: { "core-metadata": true } }),
  "that has it for one wheel of two": () =>
    published({ metadata: METADATA }, bare("demo-0.9-py3-none-any.whl", new Uint8Array(9))),
  "that says so, and does not have it": () => published({ entry: { "core-metadata": OWN } }),
  "that says true, and does not have it": () => published({ entry: { "core-metadata": true } }),
  "that says nothing": () => published(),
  "that says nothing and knows no ranges": () => published({ ranges: false }),
  "in HTML that says so, and does not have it": () =>
    linked(new Rig(), PAGE, ` data-core-metadata="sha256=${OWN.sha256}"`),
  "in HTML that says true by the older name": () => linked(new Rig(), PAGE, ' data-dist-info-metadata="true"'),
  "in HTML that says nothing": () => linked(new Rig(), PAGE),
  "that is a page of links": () => linked(shelf(), "https://upstream.test/wheels.html"),
};

describe("pip and uv abort on a 404 of advertised .metadata: what is advertised is answered", () => {
  test.each(Object.entries(UPSTREAMS))("over an upstream %s", async (_what, upstream) => {
    const rig = await upstream();
    const { files } = JSON.parse((await rig.get("/simple/demo/", { Accept: JSON_TYPE })).text()) as PageJson;
    const html = (await rig.get("/simple/demo/", { Accept: "text/html" })).text();
    const promised = files.filter((file) => file["core-metadata"]).map(({ url }) => String(url));
    const inHtml = [...html.matchAll(/<a href="([^"#]+)[^>]* data-core-metadata=/g)].map(([, url]) => url);
    expect([promised.length, inHtml]).toEqual([1, promised]);
    for (const where of ["cold", "again"]) {
      for (const url of promised) {
        const path = new URL(`${url}.metadata`, "https://edge.test/simple/demo/").pathname;
        const answer = await rig.get(path);
        expect([answer.status, answer.text()], where).toEqual([200, METADATA]);
      }
    }
  });
});
