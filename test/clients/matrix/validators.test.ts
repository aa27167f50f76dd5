import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { run } from "../../../cli/demo/process.ts";
import { smallContent } from "../../support/node/fake-index/content.ts";
import { pathOf, UPLOADED, type Distribution } from "../../support/node/fake-index/distribution.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { provenancePath, SERIAL, SHAPES, STATUSES, type Shape } from "../../support/node/fake-index/simple.ts";
import { Rig } from "../../support/node/rig.ts";

const SCRIPT = join(import.meta.dirname, "..", "validators", "read.py");

/** What one parser read of a project's page; mousebender knows less of it. */
interface Read {
  readonly parser: "pypi-simple" | "mousebender";
  readonly files: readonly { readonly filename: string; readonly url: string; readonly provenance?: string | null }[];
  readonly serial?: string;
}

type Found = Record<
  "json" | "html",
  { readonly listing: Record<Read["parser"], string[]>; readonly pages: Record<string, readonly Read[]> }
>;

const { validators } = inject("others");
const { backends } = inject("supplies");

describe.skipIf(validators === null || backends === null).for(Object.keys(SHAPES) as Shape[])(
  "pypi-simple and mousebender read over an upstream of the shape %s",
  (shape) => {
    let content: Distribution[];
    let found: Found;
    let rig: Rig | undefined;
    beforeAll(async () => {
      content = await smallContent(backends ?? "");
      rig = await Rig.open(fakeIndex(content, () => shape));
      const projects = new Set(content.map(({ project }) => project));
      const { code, output, stdout } = await run(validators ?? "", [SCRIPT, rig.index, ...projects]);
      if (code !== 0) throw new Error(output);
      found = JSON.parse(stdout) as Found;
    });
    afterAll(() => rig?.close());

    test.for(["json", "html"] as const)("every page in %s as the upstream has it", (representation) => {
      const projects = Map.groupBy(content, ({ project }) => project);
      for (const [project, own] of projects) {
        for (const { parser, ...page } of found[representation].pages[project] ?? []) {
          const files = page.files.map(({ url, provenance, ...file }) => ({
            ...file,
            path: pathBelow(rig?.index ?? "", url),
            ...(provenance !== undefined && { provenance: provenance && new URL(provenance).pathname }),
          }));
          const expected = own.map((file) => fileExpected(file, shape, representation, parser));
          expect(files, `${parser}: ${project}`).toEqual(expected);
          expect({ ...page, files: [] }).toMatchObject(pageExpected(project, own, shape, representation, parser));
        }
      }
      expect(Object.keys(found[representation].pages)).toHaveLength(projects.size);
    });

    test.for(["json", "html"] as const)("every project in the root listing in %s", (representation) => {
      const projects = [...new Set(content.map(({ project }) => project))];
      expect(found[representation].listing).toEqual({ "pypi-simple": projects, mousebender: projects });
    });
  },
);

/** What the upstream says of a file, as far as its shape, our representation and the parser have a place for it. */
function fileExpected(file: Distribution, shape: Shape, representation: "json" | "html", parser: Read["parser"]) {
  const full = shape === "pypi";
  const dated = full && representation === "json";
  return {
    filename: file.filename,
    path: decodeURIComponent(pathOf(file)),
    hashes: { sha256: file.sha256 },
    "requires-python": file.requiresPython ?? null,
    yanked: file.yanked ?? false,
    "core-metadata": metadataExpected(file, full),
    ...(parser === "pypi-simple" && {
      size: dated ? file.bytes.byteLength : null,
      "upload-time": dated ? UPLOADED : null,
      provenance: full ? provenancePath(file) : null,
    }),
  };
}

/** Where the upstream's page has none at all, it is made up here for every wheel. */
function metadataExpected({ filename, metadataSha256 }: Distribution, full: boolean) {
  if (full) return metadataSha256 === undefined ? false : { sha256: metadataSha256 };
  return filename.endsWith(".whl");
}

function pageExpected(
  project: string,
  own: readonly Distribution[],
  shape: Shape,
  representation: "json" | "html",
  parser: Read["parser"],
) {
  if (parser === "mousebender") return {};
  const full = shape === "pypi";
  return {
    serial: SHAPES[shape].json ? String(SERIAL) : null,
    status: full ? (STATUSES[project]?.status ?? "active") : null,
    reason: (full && STATUSES[project]?.reason) || null,
    versions: full && representation === "json" ? [...new Set(own.map(({ version }) => version))] : null,
  };
}

/** The path of the upstream's URL that a URL of ours stands for. */
function pathBelow(index: string, url: string): string {
  const files = new URL("../files/", index).href;
  expect(url.startsWith(files), url).toBe(true);
  return decodeURIComponent(url.slice(url.indexOf("/", files.length)));
}
