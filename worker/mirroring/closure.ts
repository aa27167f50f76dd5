import type { MarkerEnvironment } from "../pypi/marker.ts";
import { refOf } from "../pypi/file-url.ts";
import { headersOf } from "../pypi/headers.ts";
import type { FileEntry } from "../pypi/page.ts";
import type { Context } from "../repository/context.ts";
import type { MirrorDemand, MirrorFailure, MirrorRequirement } from "../repository/ports/mirror.ts";
import type { ProjectFiles } from "../repository/repository.ts";
import { requirementsIn, type FoundRequirements, type NamedMetadata } from "./requirements.ts";

/** How far what projects require is mirrored as well. */
export interface Closure {
  readonly environments: readonly MarkerEnvironment[];
  /** Of new requirements those that the ceilings let in. */
  readonly admitted: (requirements: readonly MirrorRequirement[]) => Promise<readonly MirrorRequirement[]>;
}

/**
 * What a project's mirrored files require, by their stored `.metadata` alone.
 *
 * @param known what was recorded before, which no ceiling takes back
 */
export async function requirementsOf(
  wanted: readonly FileEntry[],
  demands: readonly MirrorDemand[],
  files: ProjectFiles,
  known: readonly MirrorRequirement[],
  { environments, admitted }: Closure,
  ctx: Context,
): Promise<FoundRequirements> {
  const metadata: NamedMetadata[] = [];
  for (const entry of wanted) {
    if (!entry["core-metadata"]) continue;
    const artifact = await files.read(refOf(entry, "metadata"), ctx);
    const text = artifact ? await new Response(artifact.body as BodyInit | null).text() : "";
    metadata.push({ filename: entry.filename, requires: headersOf(text).get("requires-dist") ?? [] });
  }
  const extras = [...new Set(demands.flatMap((demand) => demand.extras))];
  const found = requirementsIn(metadata, extras, environments);
  const before = new Set(known.map(({ required }) => required));
  const fresh = found.requirements.filter(({ required }) => !before.has(required));
  const kept = found.requirements.filter(({ required }) => before.has(required));
  const undescribed = wanted.filter((entry) => !entry["core-metadata"]).map(unknown);
  return { requirements: [...kept, ...(await admitted(fresh))], notes: [...found.notes, ...undescribed] };
}

const unknown = ({ filename }: FileEntry): MirrorFailure => ({
  file: filename,
  reason: "it has no .metadata, so that what it requires is not known",
  isNote: true,
});
