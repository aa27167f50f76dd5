import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parse } from "smol-toml";
import { parseEnv } from "node:util";
import { describe, expect, test } from "vitest";
import { program } from "../../cli/program.ts";
import { ADMIN_TOKEN_SECRETS } from "../../schema/admin-tokens.ts";
import { parseConfig, VARIABLES } from "../../schema/config.ts";
import { refusalRows } from "../support/node/clients/refusals.ts";
import { EXAMPLE } from "./configuration-page.ts";
import { PAGES } from "./pages.ts";

const ROOT = join(import.meta.dirname, "../..");
const pages = [...globSync("*.md", { cwd: ROOT }), ...globSync("docs/**/*.md", { cwd: ROOT }), "schema/STORAGE.md"];
const read = (page: string) => readFileSync(join(ROOT, page), "utf8");
const CHANGELOG = "CHANGELOG.md";

test.each(Object.entries(PAGES))("%s is what the code says: npm run docs writes it", (file, make) => {
  const normal = (text: string) => text.replace(/ +/g, " ").replace(/-{3,}/g, "---");
  const said = (text: string) => (file.endsWith(".json") ? JSON.stringify(JSON.parse(text)) : normal(text));
  expect(said(read(file))).toBe(said(make()));
});

test("docs/guard.md has the table of what clients print that the matrix tries", () => {
  const [, table = ""] = /<!-- refusals -->\n+([^]*?)\n+<!-- \/refusals -->/.exec(read("docs/guard.md")) ?? [];
  const rows = table.split("\n").slice(2);
  const cells = rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  expect(cells).toEqual(refusalRows());
});

test("README and ARCHITECTURE have at most 150 lines", () => {
  const lines = ["README.md", "ARCHITECTURE.md"].map((page) => read(page).trimEnd().split("\n").length);
  expect(lines.filter((count) => count > 150)).toEqual([]);
});

test("schema/STORAGE.md has a section for every table of the database, and for no other", () => {
  const database = new DatabaseSync(":memory:");
  for (const file of globSync("schema/migrations/*.sql", { cwd: ROOT }).toSorted()) database.exec(read(file));
  const tables = database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    .all();
  database.close();
  // Tables of the other SQLite files of one machine have sections, too, in a chapter of their own.
  const [, chapter = ""] = /^## D1 .*\n([^]*?)(?=^## |$(?![^]))/m.exec(read("schema/STORAGE.md")) ?? [];
  const sections = [...chapter.matchAll(/^#### `(\w+)`$/gm)].map(([, name = ""]) => name);
  expect(sections.toSorted()).toEqual(tables.map(({ name }) => String(name)).toSorted());
});

/** What the stacks import from layers without it being a layer. */
const NO_LAYERS: ReadonlySet<string> = new Set(["complete-page", "explain", "replace-files", "shared-fills"]);

test("the drawing in ARCHITECTURE has every layer of the stacks", () => {
  const drawing = read("ARCHITECTURE.md").split("```")[1] ?? "";
  const layers = ["index-stack", "source-stack"].flatMap((stack) =>
    [...read(`worker/compose/${stack}.ts`).matchAll(/^import \{.*"\.\.\/layers\/(?:.*\/)?([\w-]+)\.ts";$/gm)].map(
      ([, layer = ""]) => layer,
    ),
  );
  expect(layers.length).toBeGreaterThan(8);
  expect(layers.filter((layer) => !NO_LAYERS.has(layer) && !drawing.includes(`│ ${layer} `))).toEqual([]);
});

test("every page of docs can be reached from README by links", () => {
  const reached = new Set<string>();
  const visit = (page: string) => {
    if (reached.has(page) || !page.endsWith(".md") || !existsSync(join(ROOT, page))) return;
    reached.add(page);
    for (const { target } of linksOf(page)) visit(target);
  };
  visit("README.md");
  expect(pages.filter((page) => !reached.has(page))).toEqual([]);
});

test.each(pages)("the links of %s lead somewhere", (page) => {
  const broken = linksOf(page).filter(({ target, anchor }) => {
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && target.endsWith(".md") && !anchorsOf(target).has(anchor);
  });
  expect(broken).toEqual([]);
});

test("files and folders that the pages name exist", () => {
  const rooms = "auth|compose|http|jobs|layers|locks|log|publishing|repository|storage|upstream";
  const named = new RegExp(`(?<![\\w/.-])(?:worker/|cli/|schema/|test/|(?:${rooms})/)[\\w./-]*\\w`, "g");
  const exists = (path: string) =>
    [path, `worker/${path}`].some((at) => ["", ".ts", ".tsx"].some((end) => existsSync(join(ROOT, at + end))));
  const missing = pages
    .filter((page) => page !== CHANGELOG)
    .flatMap((page) =>
      [...read(page).matchAll(named)].flatMap(([path]) =>
        // NAME stands for what a reader puts there.
        path.includes("NAME") || exists(path) ? [] : [`${page}: ${path}`],
      ),
    );
  expect(missing).toEqual([]);
});

describe("commands that the pages name", () => {
  const all = program("0.0.0");
  test.each(pages.filter((page) => page !== CHANGELOG))("exist, with their options: %s", (page) => {
    expect(commandLinesOf(read(page)).flatMap((line) => faultOf(line, all))).toEqual([]);
  });

  test("a command or an option that does not exist is found", () => {
    const faults = ["pypi-edge tokn list", "pypi-edge token create --scop read", "pypi-edge jobs run x --dry-run"];
    expect(faults.flatMap((line) => faultOf(line, all))).toHaveLength(2);
  });
});

test("npm scripts that the pages name exist", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const named = pages
    .filter((page) => page !== CHANGELOG)
    .flatMap((page) => [...read(page).matchAll(/npm run (?:-s |--silent )?([a-z:]+)/g)].map(([, name]) => name ?? ""));
  expect([...new Set(named)].filter((name) => !(name in scripts))).toEqual([]);
});

test("keys of the configuration that the pages name in capitals exist", () => {
  const known = new Set([...VARIABLES, ...ADMIN_TOKEN_SECRETS]);
  const blocks = pages.flatMap((page) =>
    [...read(page).matchAll(/```toml\n([^]*?)```/g)].map(([, block]) => block ?? ""),
  );
  const named = blocks.flatMap((block) => Object.keys((parse(block)["vars"] ?? {}) as object));
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter((key) => !known.has(key))).toEqual([]);
});

test("the example of the configuration is one", () => {
  const shipped = parse(read("wrangler.toml"))["vars"] as Record<string, unknown>;
  const { vars } = parse(EXAMPLE) as { vars: Record<string, unknown> };
  const config = parseConfig({ ...shipped, ...vars, ACME: "user:password" });
  expect(config.indexes.map(({ name }) => name)).toEqual(["default", "acme", "staging"]);
});

/** The links of a page that lead to files of the project. */
function linksOf(page: string) {
  return [...read(page).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(
    ([, path = "", anchor]) => ({
      target: path === "" ? page : join(dirname(page), path),
      anchor,
    }),
  );
}

/** What the headings of a page are linked by. */
function anchorsOf(page: string): Set<string> {
  const headings = [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) => text);
  return new Set(
    headings.map((text) =>
      text
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    ),
  );
}

/** Command lines of ours: in code blocks, and between backticks. */
function commandLinesOf(text: string): string[] {
  const inBlocks = [...text.matchAll(/```[a-z]*\n([^]*?)```/g)].flatMap(([, block = ""]) => block.split("\n"));
  const inline = [...text.replace(/```[^]*?```/g, "").matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
  return [...inBlocks, ...inline].flatMap(
    (line) => /\bpypi-edge [a-z][^#|&]*/.exec(line.replace(/^.*(?:or with:|&&)/, ""))?.[0] ?? [],
  );
}

/** What of a command line does not exist: its command, or an option. */
function faultOf(line: string, all: CommandUnknownOpts): string[] {
  const words = line.trim().split(/\s+/).slice(1);
  let command = all;
  while (command.commands.length > 0) {
    const [name = ""] = words.splice(0, 1);
    const next = command.commands.find((each) => each.name() === name);
    if (!next) return /^[a-z]+$/.test(name) ? [`${line}: there is no command ${name}`] : [];
    command = next;
  }
  const options = words.filter((word) => word.startsWith("--")).map((word) => word.replace(/[=….,;)].*$/, ""));
  const known = new Set([...command.options.map(({ long }) => long), "--help"]);
  return options.filter((option) => !known.has(option)).map((option) => `${line}: there is no option ${option}`);
}

test("each binding of wrangler.toml, and each secret of .dev.vars.example, has a description for the deploy button", () => {
  const settings = parse(read("wrangler.toml")) as Record<string, { binding?: string; name?: string }[]>;
  const { queues } = settings as unknown as { queues: { producers: { binding: string }[] } };
  const bindings = [
    ...["kv_namespaces", "r2_buckets", "d1_databases"].flatMap(
      (kind) => settings[kind]?.map(({ binding }) => binding) ?? [],
    ),
    ...queues.producers.map(({ binding }) => binding),
    ...(settings["ratelimits"]?.map(({ name }) => name) ?? []),
    ...Object.keys(parseEnv(read(".dev.vars.example"))),
  ];
  const { cloudflare } = JSON.parse(read("package.json")) as { cloudflare: { bindings: Record<string, unknown> } };
  expect(new Set(Object.keys(cloudflare.bindings))).toEqual(new Set(bindings));
});
