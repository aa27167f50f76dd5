import { DAY } from "../duration.ts";
import { messageOf, reasonOf } from "../errors.ts";
import type { Filename } from "../pypi/filename.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { FileEntry } from "../pypi/page.ts";
import { uploadedAtOf } from "../pypi/upload-time.ts";
import type { Verdict } from "../pypi/verdict.ts";
import { versionOf } from "../pypi/version.ts";
import type { Context } from "../repository/context.ts";
import { inPool } from "../repository/pool.ts";
import type { KnownVerdict, VerifiedSource } from "../repository/ports/provenance.ts";
import type { MirroredSource } from "../repository/repository.ts";

/** Files of a project that are verified before its page is made anew: some ten seconds of CPU. */
const MAX_FILES = 300;

/** Provenance objects that are fetched at a time. */
const AT_A_TIME = 4;

/** Longer ones are not read. Bytes. */
const MAX_OBJECT = 256 * 1024;

/** What was refused is looked at again after this: the upstream may have mended it. Milliseconds. */
const REFUSED_TTL = DAY;

/**
 * Verifies the provenance of these projects' files that was not verified yet, the newest first, and has their pages made
 * anew where that has changed what is known. What is left of a project goes back to the queue. Never rejects.
 */
export async function verifyProjects(
  names: readonly ProjectName[],
  source: MirroredSource,
  ctx: Context,
): Promise<void> {
  const { verified } = source;
  if (!verified) return;
  await verified.verifier
    .refresh()
    .catch((error: unknown) =>
      ctx.report({ event: "provenance-delayed", what: "the trusted root", reason: reasonOf(error) }),
    );
  if (verified.verifier.unusable(ctx.now) !== undefined) return;
  const unfinished: ProjectName[] = [];
  for (const name of names) {
    try {
      if ((await verifyProject(name, verified, source, ctx)) === "more") unfinished.push(name);
    } catch (error) {
      ctx.report({ event: "provenance-delayed", what: `the provenance of ${name}`, reason: reasonOf(error) });
    }
  }
  if (unfinished.length === 0) return;
  const what = `the rest of ${unfinished.join(", ")}`;
  await source.refreshes
    .send(unfinished, "verify")
    .catch((error: unknown) => ctx.report({ event: "queue-failed", what, reason: messageOf(error) }));
}

async function verifyProject(
  name: ProjectName,
  { verdicts, verifier }: VerifiedSource,
  source: MirroredSource,
  ctx: Context,
): Promise<"done" | "more"> {
  const project = await source.repository.project(name, ctx);
  if (!project) return "done";
  const { files } = await project.page.model();
  const known = await verdicts.of(name);
  const basis = verifier.basis();
  const isDue = (entry: FileEntry) => {
    const before = known.get(entry.filename);
    if (before?.sha256 !== sha256Of(entry)) return true;
    if (before.root !== basis.root || before.verifier !== basis.verifier) return true;
    return before.verdict.state === "refused" && Math.abs(ctx.now - before.judgedAt) >= REFUSED_TTL;
  };
  const due = files
    .filter((entry) => entry.provenance !== undefined && isDue(entry))
    .toSorted((one, other) => (uploadedAtOf(other) ?? 0) - (uploadedAtOf(one) ?? 0));
  const made = await inPool(AT_A_TIME, due.slice(0, MAX_FILES), async (entry): Promise<KnownVerdict[]> => {
    const verdict = await verdictOn(name, entry, verifier.verify, source, ctx);
    if (verdict.state === "unknown") return [];
    const sha256 = sha256Of(entry);
    return [
      { filename: entry.filename, sha256, verdict, uploadedAt: uploadedAtOf(entry), ...basis, judgedAt: ctx.now },
    ];
  });
  const listed = new Set<string>(files.map(({ filename }) => filename));
  const gone = [...known.values()]
    .filter(({ filename, root }) => root !== "" && root !== basis.root && !listed.has(filename))
    .map((each) => ({ ...each, root: "" }));
  await verdicts.record(name, [...made.flat(), ...gone]);
  if (made.flat().length > 0 || files.some(lacksVerdict(known))) {
    const remade = await source.repository.project(name, ctx, { maxAgeMs: 0, strict: true, remake: true });
    await remade?.page.cancel();
  }
  return due.length > MAX_FILES ? "more" : "done";
}

/** Whether the page does not say what is known of a file: it was made before that was known. */
const lacksVerdict =
  (known: ReadonlyMap<string, KnownVerdict>) =>
  ({ filename, provenance, _publisher, _unproven }: FileEntry) =>
    provenance !== undefined && known.has(filename) && _publisher === undefined && _unproven === undefined;

const sha256Of = ({ hashes }: FileEntry) => hashes["sha256"] ?? "";

/** What comes of a file's provenance. A failure of the upstream proves nothing either way: it is reported, and unknown. */
async function verdictOn(
  project: ProjectName,
  entry: FileEntry,
  verify: VerifiedSource["verifier"]["verify"],
  source: MirroredSource,
  ctx: Context,
): Promise<Verdict> {
  const { filename } = entry;
  const version = versionOf(filename, project);
  if (version === undefined) return refused("its name has no version");
  const sha256 = sha256Of(entry);
  if (sha256 === "") return refused("its page gives no SHA-256");
  try {
    const ref = { kind: "provenance" as const, project, version, filename };
    const document = await source.repository.document({ ref }, ctx);
    if (!document) return refused("its upstream does not have what its page names");
    if (document.head.plainSize > MAX_OBJECT) {
      await document.cancel();
      return refused(`it has more than ${MAX_OBJECT / 1024} KiB`);
    }
    return verify(await document.text(), { filename, sha256 }, ctx.now);
  } catch (error) {
    const reason = reasonOf(error);
    ctx.report({ event: "provenance-delayed", what: nameOf(filename), reason });
    return { state: "unknown", reason };
  }
}

const nameOf = (filename: Filename) => `the provenance of ${filename}`;

const refused = (clause: string): Verdict => ({ state: "refused", reason: `${clause}.` });
