import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import * as z from "zod/mini";
import { counted } from "../../worker/pypi/counted.ts";
import { documentPath } from "../../worker/pypi/document.ts";
import { asFilename, isDistribution, projectCandidates, type Filename } from "../../worker/pypi/filename.ts";
import { asProjectName, type ProjectName } from "../../worker/pypi/name.ts";
import { canonicalVersion } from "../../worker/pypi/pep440.ts";
import { publisherLabel, repositoryUrl } from "../../worker/pypi/publisher.ts";
import { escaped } from "../../worker/pypi/shown.ts";
import type { Verdict } from "../../worker/pypi/verdict.ts";
import { isVersion, versionOf } from "../../worker/pypi/version.ts";
import { shippedRoot } from "../../worker/provenance/shipped-root.ts";
import { trustedRootOf, type TrustedRoot } from "../../worker/provenance/trusted-root.ts";
import { verifyProvenance } from "../../worker/provenance/verify.ts";
import { readApiJson, sendTo } from "../lib/admin-api.ts";
import { columns } from "../lib/columns.ts";
import { CommandError, usageError } from "../lib/command-error.ts";
import { command, forServer } from "../lib/command.ts";
import { fileErrorText } from "../../server/file-errors.ts";
import { indexPath } from "../lib/index-path.ts";
import { findServer, type ServerAccess } from "../lib/server-address.ts";

/** `pypi-edge provenance`: verifies on this machine who built files, whatever the index says of them. */
export const provenanceCommand = () =>
  forServer(
    command("provenance", "verify on this machine who built a file or a release; fails where that is not proven", [
      ["pypi-edge provenance dist/demo-1.0-py3-none-any.whl", "a file that you have"],
      ["pypi-edge provenance demo==1.0 --index team", "each file of a release"],
      ["pypi-edge provenance demo==1.0 --root trusted_root.json", "by a sigstore of your own"],
    ]),
  )
    .argument("<what>", "a file, or NAME==VERSION")
    .option("--index <name>", "the index that gives the provenance (default: default)")
    .option("--root <file>", "the trusted root to verify by (default: sigstore's, as this version has it)")
    .action(async (what, { index = "default", root: rootFile, json, ...options }) => {
      const root = rootFile === undefined ? shippedRoot() : readRoot(rootFile);
      const named = existsSync(what) ? await ownFile(what) : releaseIn(what);
      const server = await findServer(options);
      const base = indexPath(index);
      const asked = "filename" in named ? [named] : await filesOf(named, server, base);
      const found: JudgedFile[] = [];
      for (const file of asked) found.push({ ...file, verdict: await verdictOn(file, root, server, base) });
      console.log(json ? JSON.stringify(found) : found.map(shown).join("\n"));
      const unproven = found.filter(({ verdict }) => verdict?.state !== "verified").length;
      if (unproven > 0)
        throw new CommandError(
          `${unproven} of ${counted(found.length, "file")} ${unproven === 1 ? "is" : "are"} not proven.`,
        );
    });

interface AskedFile {
  readonly project: ProjectName;
  readonly filename: Filename;
  readonly sha256: string;
}

/** With what came of it; null: it has no provenance. */
interface JudgedFile extends AskedFile {
  readonly verdict: Verdict | null;
}

function readRoot(file: string): TrustedRoot {
  try {
    return trustedRootOf(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    const reason = error instanceof SyntaxError ? "it is not JSON" : (error as Error).message;
    throw new CommandError(`${file}: ${"code" in (error as object) ? fileErrorText(error) : reason}.`);
  }
}

async function ownFile(path: string): Promise<AskedFile> {
  const filename = asFilename(basename(path));
  const project = filename && projectCandidates(filename)[0];
  if (!filename || !project || !statSync(path).isFile()) {
    throw new CommandError(`${path} is no distribution file: its name has no project and no version.`);
  }
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return { project, filename, sha256: hash.digest("hex") };
}

/** What is read of a project's page. */
const pageShape = z.object({
  files: z.array(z.object({ filename: z.string(), hashes: z.record(z.string(), z.string()) })),
});

interface Release {
  readonly project: ProjectName;
  readonly version: string;
}

function releaseIn(what: string): Release {
  const [name = "", text = "", ...more] = what.split("==");
  const [project, version] = [asProjectName(name.trim()), text.trim()];
  if (project && more.length === 0 && isVersion(version)) return { project, version };
  if (isDistribution(what)) throw new CommandError(`${what}: there is no such file.`);
  throw usageError(`${what} is no file here, and no NAME==VERSION.`);
}

async function filesOf({ project, version }: Release, server: ServerAccess, base: string): Promise<AskedFile[]> {
  const format = encodeURIComponent("application/vnd.pypi.simple.v1+json");
  const answer = await sendTo(server, "GET", `${base}simple/${project}/?format=${format}`);
  const { value } = await readApiJson(server, pageShape, answer);
  const wanted = canonicalVersion(version);
  const found = value.files.flatMap(({ filename, hashes }) => {
    const safe = asFilename(filename);
    if (!safe || canonicalVersion(versionOf(safe, project) ?? "") !== wanted) return [];
    return [{ project, filename: safe, sha256: hashes["sha256"] ?? "" }];
  });
  if (found.length === 0) throw new CommandError(`The index lists no file of ${project} ${version}.`);
  return found;
}

/** What comes of the provenance that the index gives; null where it gives none. */
async function verdictOn(
  { project, filename, sha256 }: AskedFile,
  root: TrustedRoot,
  server: ServerAccess,
  base: string,
): Promise<Verdict | null> {
  const version = versionOf(filename, project);
  if (version === undefined) return null;
  const path = documentPath({ kind: "provenance", project, version, filename });
  try {
    const answer = await sendTo(server, "GET", `${base}${path}`);
    return verifyProvenance(await answer.text(), { filename, sha256 }, root, Date.now());
  } catch (error) {
    if (error instanceof CommandError && error.status === 404) return null;
    throw error;
  }
}

function shown({ filename, verdict }: JudgedFile): string {
  if (!verdict) return `${escaped(filename)}: it has no provenance.`;
  if (verdict.state !== "verified") return escaped(`${filename}: not proven: ${verdict.reason}`);
  const { publisher, commit, ref, run, signedAt, logIndex, predicates } = verdict;
  const url = repositoryUrl(publisher);
  const rows = [
    ["publisher", publisherLabel(publisher)],
    ["repository", url],
    ["commit", url === undefined || commit === undefined ? commit : `${url}/commit/${commit}`],
    ["ref", ref],
    ["run", run],
    ["signed", signedAt === 0 ? undefined : new Date(signedAt).toISOString()],
    ["log index", logIndex],
    ["attests", predicates.join(", ")],
  ];
  const lines = rows.flatMap(([label = "", value]) => (value === undefined ? [] : [[`  ${label}`, escaped(value)]]));
  return [`${escaped(filename)}: verified`, ...columns(lines)].join("\n");
}
