/** What a page costs by the index that is asked: of one server, so that nothing else differs, and of devpi. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { adminToken } from "../../../cli/serve/admin-token.ts";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { measureRow, type LoadedServer, type Outcome, type Plan } from "../compare/measure.ts";
import { startDevpi } from "../harness/devpi.ts";
import { startProduct } from "../harness/product.ts";

/** A page, as if it were a server of its own: rounds of all of them are interleaved. */
interface AskedPage extends LoadedServer {
  readonly name: IndexRow;
  readonly url: URL;
}

export type IndexRow = "of the public index" | "of team, not hosted" | "of team, hosted" | "of team, merged";

/** `team` merges this project, which the upstream has, too. */
const MERGED = "medium";
const CONFIGURATION = `[vars.INDEXES.default]\nsources = ["pypi"]\n[vars.INDEXES.team]\nsources = ["default"]\nhosted = true\nmerge = ["${MERGED}"]\n`;

/**
 * Loads small pages of the public and of a private index in turns.
 *
 * @param project one that the upstream has, with one file
 */
export async function measureIndexes(
  platform: "node" | "workerd",
  upstream: URL,
  project: string,
  { scratch, byWrk, inPairs }: IndexPlan,
): Promise<IndexOutcomes> {
  const folder = mkdtempSync(join(scratch, "indexes-"));
  const [state, config] = [join(folder, "state"), join(folder, "indexes.toml")];
  mkdirSync(state);
  writeFileSync(config, CONFIGURATION);
  const server = await startProduct(upstream, state, platform, undefined, ["--config", config]);
  try {
    const token = adminToken(state);
    const team = new URL("/team/", server.simple);
    await upload(team, token, "acme-tools");
    await upload(team, token, MERGED);
    const own = { pid: server.pid, ending: () => server.ending() };
    const pages: AskedPage[] = [
      { name: "of the public index", url: new URL(`${project}/`, server.simple), ...own },
      { name: "of team, not hosted", url: new URL(`simple/${project}/`, team), ...own },
      { name: "of team, hosted", url: new URL("simple/acme-tools/", team), ...own },
      { name: "of team, merged", url: new URL(`simple/${MERGED}/`, team), ...own },
    ];
    const headers = { Accept: JSON_PAGE, Authorization: `Bearer ${token}` };
    return {
      outcomes: await measurePages(pages, headers, byWrk),
      ...(inPairs && { paired: await measurePages(pages, headers, inPairs) }),
    };
  } finally {
    const forced = await server.stop();
    if (forced !== undefined) process.stderr.write(`warning: ${forced}\n`);
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** What a private index is measured with. */
interface IndexPlan {
  /** A directory for what the servers store. */
  readonly scratch: string;
  readonly byWrk: Plan;
  /** Where the quotients are to be known well. */
  readonly inPairs?: Plan;
}

export interface IndexOutcomes {
  /** By wrk, as peers are measured. */
  readonly outcomes: ReadonlyMap<IndexRow, Outcome>;
  /** In pairs of short turns. */
  readonly paired?: ReadonlyMap<IndexRow, Outcome>;
}

/**
 * Loads the page of a project that is hosted by an index of devpi, which stands on a mirror of the upstream. The index is
 * open to all readers: devpi is asked for no token.
 */
export async function measureDevpi(
  upstream: URL,
  wheelhouse: string,
  { scratch, byWrk }: Pick<IndexPlan, "scratch" | "byWrk">,
): Promise<IndexOutcomes> {
  const folder = mkdtempSync(join(scratch, "devpi-"));
  const devpi = await startDevpi(upstream, folder, wheelhouse);
  try {
    await devpi.client("index", "-c", "root/team", "bases=root/up", "volatile=True");
    await devpi.client("use", "root/team");
    const { filename, bytes } = await buildWheel({ name: "acme-tools", version: "9.0" });
    writeFileSync(join(folder, filename), bytes);
    await devpi.client("upload", join(folder, filename));
    const url = new URL(`${devpi.origin}/root/team/+simple/acme-tools/`);
    const own = { pid: devpi.pid, ending: () => devpi.ending() };
    const pages: AskedPage[] = [{ name: "of team, hosted", url, ...own }];
    return { outcomes: await measurePages(pages, { Accept: JSON_PAGE }, byWrk) };
  } finally {
    const forced = await devpi.stop();
    if (forced !== undefined) process.stderr.write(`warning: ${forced}\n`);
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

const JSON_PAGE = "application/vnd.pypi.simple.v1+json";

const measurePages = (pages: readonly AskedPage[], headers: Record<string, string>, plan: Plan) =>
  measureRow(
    {
      headers,
      locate: async ({ url }: AskedPage) => url,
      problem: ({ status }) => (status === 200 ? undefined : `status ${status}`),
    },
    pages,
    plan,
  );

async function upload(team: URL, token: string, name: string): Promise<void> {
  const { project, version, filename, bytes, sha256 } = await buildWheel({ name, version: "9.0" });
  const form = new FormData();
  const fields = { ":action": "file_upload", protocol_version: "1", metadata_version: "2.1", filetype: "bdist_wheel" };
  for (const [key, value] of Object.entries({ ...fields, pyversion: "py3", name: project, version }))
    form.append(key, value);
  form.append("sha256_digest", sha256);
  form.append("content", new Blob([new Uint8Array(bytes)]), filename);
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await fetch(new URL("legacy/", team), { method: "POST", body: form, headers });
  if (!answer.ok)
    throw new Error(`the upload of ${filename} was answered with ${answer.status}: ${await answer.text()}`);
}
