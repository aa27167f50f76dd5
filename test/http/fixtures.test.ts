import { describe, expect, test } from "vitest";
import { isWheel, projectCandidates, type Filename } from "../../worker/pypi/filename.ts";
import { asProjectName } from "../../worker/pypi/name.ts";
import { JSON_TYPE, Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

/** Real pages, recorded through a filtering proxy; see test/fixtures/README.md. */
const PROJECTS = ["sampleproject", "six", "requests", "django", "numpy", "grpcio"];

interface Entry {
  readonly filename: string;
  readonly url: string;
  readonly hashes: Record<string, string>;
  readonly yanked: boolean | string;
  readonly "requires-python": string | null;
}

interface Recorded {
  readonly meta: Record<string, unknown>;
  readonly name: string;
  readonly files: Entry[];
}

async function recorded(project: string): Promise<Recorded> {
  const { body } = await fetch(`http://fixtures.test/pages/${project}.json.gz`);
  return new Response(body?.pipeThrough(new DecompressionStream("gzip"))).json();
}

async function offered(project: string) {
  const page = await recorded(project);
  const rig = new Rig();
  rig.upstream.on(`${FakeUpstream.INDEX}${project}/`, () =>
    Response.json(page, { headers: { "Content-Type": JSON_TYPE } }),
  );
  return { page, rig };
}

const LOCAL = /^\.\.\/\.\.\/files\//;

/** The proxy left all metadata out: each wheel's is advertised by us. */
const ADDED = { "core-metadata": true, _backfilled: ["core-metadata"] };

/** What we owe for a recorded page: all of it, but for the version, the URLs and the nulls, and the wheels' metadata. */
function expected(page: Recorded): unknown {
  const files = page.files.map((file) => ({
    ...Object.fromEntries(Object.entries(file).filter(([, value]) => value !== null)),
    ...(isWheel(file.filename) && ADDED),
  }));
  return { ...page, meta: { ...page.meta, "api-version": "1.4" }, files };
}

describe.each(PROJECTS)("the recorded page of %s", (project) => {
  test("comes back as JSON, cold and from the store, equal but for version, URLs, nulls and metadata", async () => {
    const { page, rig } = await offered(project);
    const cold = await rig.page(project);
    rig.restart();
    const warm = await rig.page(project);
    expect(warm.text()).toBe(cold.text());
    const json = warm.json;
    const files = json?.files.map((file) => ({ ...file, url: String(file["url"]).replace(LOCAL, "https://") }));
    expect({ ...json, files }).toEqual(expected(page));
    expect(json?.files.every((file) => LOCAL.test(String(file["url"])))).toBe(true);
  });

  test("comes back as HTML with the fields that HTML has", async () => {
    const { page, rig } = await offered(project);
    const html = (await rig.get(`/simple/${project}/`)).text();
    const anchors: unknown[] = [];
    const decode = (text: string) =>
      text
        .replaceAll("&lt;", "<")
        .replaceAll("&gt;", ">")
        .replaceAll("&quot;", '"')
        .replaceAll("&#x27;", "'")
        .replaceAll("&amp;", "&");
    for (const [, attributes = "", text = ""] of html.matchAll(/<a ([^>]*)>([^<]*)<\/a>/g)) {
      const values = Object.fromEntries(
        [...attributes.matchAll(/([a-z-]+)="([^"]*)"/g)].map(([, key, value = ""]) => [key, decode(value)]),
      );
      anchors.push({ text, ...values });
    }
    expect(anchors).toEqual(
      page.files.map((file) => ({
        text: file.filename,
        href: `${file.url.replace("https://", "../../files/")}#sha256=${file.hashes["sha256"]}`,
        ...(file["requires-python"] !== null && { "data-requires-python": file["requires-python"] }),
        ...(file.yanked !== false && { "data-yanked": file.yanked === true ? "" : file.yanked }),
        ...(isWheel(file.filename) && { "data-core-metadata": "true", "data-dist-info-metadata": "true" }),
      })),
    );
  });

  test("lists only files whose names lead back to the project", async () => {
    const page = await recorded(project);
    const astray = page.files.filter(
      ({ filename }) => !projectCandidates(filename as Filename).includes(asProjectName(project) ?? (project as never)),
    );
    expect(astray.map(({ filename }) => filename)).toEqual([]);
  });
});
