import type { ProjectName } from "../pypi/name.ts";
import type { ExplainedFile, ShownAdvisory } from "./explanation.ts";

/** A version that is held for its age, where the newest one that is admitted is affected by what it mends. */
export interface HeldVersion {
  readonly project: ProjectName;
  /** As its files' names have it. */
  readonly version: string;
  /** When a file of it is first admitted. Milliseconds since the epoch; undefined: as long as nothing else changes. */
  readonly until: number | undefined;
  readonly newest: string;
  readonly advisories: readonly ShownAdvisory[];
}

/** When a refused file is admitted. Milliseconds since the epoch; infinite: not by time alone. */
export const heldUntil = ({ rules }: Pick<ExplainedFile, "rules">): number =>
  Math.max(
    ...rules.filter(({ mode, exempted }) => mode === "enforce" && !exempted).map(({ until = Infinity }) => until),
  );

/** What of a project's files is a held fix, by version. */
export function heldVersions(project: ProjectName, files: readonly ExplainedFile[]): HeldVersion[] {
  const fixing = files.filter(({ fixes, version }) => fixes !== undefined && version !== undefined);
  return [...Map.groupBy(fixing, ({ version = "" }) => version)].flatMap(([version, own]) => {
    const until = Math.min(...own.map(heldUntil));
    const [first] = own;
    return first?.fixes ? [{ project, version, until: until === Infinity ? undefined : until, ...first.fixes }] : [];
  });
}
