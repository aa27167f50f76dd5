import { inSeconds } from "../duration.ts";
import type { MirrorFigures } from "../repository/ports/mirror.ts";
import type { ScrubState } from "../repository/ports/scrub.ts";
import type { MirroredSource } from "../repository/repository.ts";
import type { Gauge } from "./gauge.ts";

interface MirrorGauge {
  readonly name: string;
  readonly help: string;
  readonly valueOf: (figures: MirrorFigures, now: number) => number;
}

const MIRROR_GAUGES: readonly MirrorGauge[] = [
  {
    name: "pypi_edge_mirror_projects",
    help: "Projects that are mirrored on purpose.",
    valueOf: ({ projects }) => projects,
  },
  {
    name: "pypi_edge_mirror_files",
    help: "Files of these projects that are to be stored.",
    valueOf: ({ files }) => files,
  },
  { name: "pypi_edge_mirror_bytes", help: "Bytes of these files, as their pages say.", valueOf: ({ bytes }) => bytes },
  {
    name: "pypi_edge_mirror_missing",
    help: "Of these files and their metadata, those that are not stored.",
    valueOf: ({ missing }) => missing,
  },
  {
    name: "pypi_edge_mirror_errors",
    help: "Files and projects that could not be mirrored the last time.",
    valueOf: ({ errors }) => errors,
  },
  {
    name: "pypi_edge_mirror_lag_seconds",
    help: "How long the project has been due that has waited longest; 0: none is due.",
    valueOf: ({ dueSince }, now) => (dueSince === null ? 0 : Math.max(0, Math.floor(inSeconds(now - dueSince)))),
  },
  {
    name: "pypi_edge_mirror_run_timestamp_seconds",
    help: "When a run of the mirror was last heard of; 0: never.",
    valueOf: ({ heardAt }) => Math.floor(inSeconds(heardAt ?? 0)),
  },
  {
    name: "pypi_edge_mirror_verified_timestamp_seconds",
    help: "When the last verification against the upstream ended; 0: none has.",
    valueOf: ({ verifiedAt }) => Math.floor(inSeconds(verifiedAt ?? 0)),
  },
  {
    name: "pypi_edge_mirror_findings",
    help: "What the last verification has found wrong and was not repaired.",
    valueOf: ({ findings }) => findings,
  },
];

/** Gauges of the mirrors, by upstream: none where nothing is mirrored of a configured one. `now` in milliseconds since the epoch. */
export function gaugesOfMirrors(
  mirrors: readonly MirrorFigures[],
  sources: ReadonlyMap<string, Pick<MirroredSource, "name">>,
  now: number,
): Gauge[] {
  const named = mirrors.flatMap((figures) => {
    const upstream = sources.get(figures.source)?.name;
    return upstream === undefined ? [] : [{ upstream, figures }];
  });
  if (named.length === 0) return [];
  return MIRROR_GAUGES.map(({ name, help, valueOf }) => ({
    name,
    help,
    samples: named.map(({ upstream, figures }) => ({ labels: { upstream }, value: valueOf(figures, now) })),
  }));
}

/** Gauges of the scrub. */
export function gaugesOfScrub({ current, last }: ScrubState): Gauge[] {
  return [
    {
      name: "pypi_edge_scrub_round_timestamp_seconds",
      help: "When the scrub last had read all stored files; 0: never.",
      samples: [{ labels: {}, value: Math.floor(inSeconds(last?.endedAt ?? 0)) }],
    },
    {
      name: "pypi_edge_scrub_objects",
      help: "Files and metadata that it has read, in this round and in the last whole one.",
      samples: [
        { labels: { round: "this" }, value: current.objects },
        { labels: { round: "last" }, value: last?.objects ?? 0 },
      ],
    },
    {
      name: "pypi_edge_scrub_damaged",
      help: "What it has found damaged: mirrored files, which were deleted, and hosted ones, which a person must restore.",
      samples: [
        { labels: { round: "this", of: "mirrored" }, value: current.damaged },
        { labels: { round: "this", of: "hosted" }, value: current.damagedHosted },
        { labels: { round: "last", of: "mirrored" }, value: last?.damaged ?? 0 },
        { labels: { round: "last", of: "hosted" }, value: last?.damagedHosted ?? 0 },
      ],
    },
  ];
}
