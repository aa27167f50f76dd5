/**
 * The base score of CVSS 4.0 (section 8.2). The metrics stand in groups, and each group of a vector has a level, 0 the most
 * severe. A table gives the score of the worst vector with these levels. That of another one lies between it and the scores
 * of the levels below, by how many steps the vector is below the worst.
 */

/** A group of metrics. */
interface Group {
  /** The values of each metric, the most severe first. */
  readonly metrics: readonly (readonly [name: string, values: string])[];
  /** The level of a vector, by its values. */
  readonly levelOf: (values: string) => number;
  /** By level: its worst vectors, the levels next below, and how many steps lie between. */
  readonly levels: Readonly<Record<number, Level>>;
}

interface Level {
  readonly worst: readonly string[];
  readonly below: readonly number[];
  readonly steps: number;
}

const SYSTEM = "HLN";

/** How far away an attacker may be, with which privileges, and whether a person must help. */
const REACH: Group = {
  metrics: [
    ["AV", "NALP"],
    ["PR", "NLH"],
    ["UI", "NPA"],
  ],
  levelOf: (values) => (values === "NNN" ? 0 : values.includes("N") && !values.startsWith("P") ? 1 : 2),
  levels: {
    0: { worst: ["NNN"], below: [1], steps: 1 },
    1: { worst: ["ANN", "NLN", "NNP"], below: [2], steps: 4 },
    2: { worst: ["PNN", "ALP"], below: [], steps: 5 },
  },
};

/** How hard the attack is. */
const EFFORT: Group = {
  metrics: [
    ["AC", "LH"],
    ["AT", "NP"],
  ],
  levelOf: (values) => (values === "LN" ? 0 : 1),
  levels: {
    0: { worst: ["LN"], below: [1], steps: 1 },
    1: { worst: ["HN", "LP"], below: [], steps: 2 },
  },
};

/**
 * Impact on the vulnerable system. The specification has two groups, the second of which is about requirements: its five
 * levels 00, 01, 10, 11 and 21 are 0 to 4 here, and those that base metrics alone do not make have no worst vector.
 */
const IMPACT: Group = {
  metrics: [
    ["VC", SYSTEM],
    ["VI", SYSTEM],
    ["VA", SYSTEM],
  ],
  levelOf: (values) => (values.startsWith("HH") ? 0 : values.includes("H") ? 2 : 4),
  levels: {
    0: { worst: ["HHH"], below: [1, 2], steps: 7 },
    2: { worst: ["LHH", "HLH"], below: [3], steps: 8 },
    4: { worst: ["LLL"], below: [], steps: 10 },
  },
};

/** Impact on others. The specification's level above these is about safety, which no base metric is. */
const SUBSEQUENT: Group = {
  metrics: [
    ["SC", SYSTEM],
    ["SI", SYSTEM],
    ["SA", SYSTEM],
  ],
  levelOf: (values) => (values.includes("H") ? 0 : 1),
  levels: {
    0: { worst: ["HHH"], below: [1], steps: 5 },
    1: { worst: ["LLL"], below: [], steps: 4 },
  },
};

const GROUPS = [REACH, EFFORT, IMPACT, SUBSEQUENT];

/** The table, as far as base metrics and what is next below them reach: by the levels of `GROUPS`, in their order. */
const SCORES: readonly (readonly (readonly (readonly number[])[])[])[] = [
  [
    [
      [10, 9.3],
      [9.6, 9],
      [9.3, 8.8],
      [9.2, 8],
      [7.9, 6.9],
    ],
    [
      [9.5, 9.2],
      [9.1, 8.1],
      [9.2, 8.4],
      [8.2, 7],
      [7.1, 6.3],
    ],
  ],
  [
    [
      [9.4, 8.7],
      [8.9, 7.5],
      [8.6, 7.2],
      [7.6, 5.7],
      [6.5, 5.3],
    ],
    [
      [9, 7.7],
      [7.7, 6.6],
      [7.4, 6.1],
      [5.9, 5.2],
      [5.8, 2.3],
    ],
  ],
  [
    [
      [8.6, 7],
      [7.4, 5.4],
      [7.2, 5.3],
      [5.7, 3.6],
      [4.7, 2.4],
    ],
    [
      [7.3, 5.4],
      [5.5, 4.3],
      [6.1, 4.6],
      [5.1, 1.8],
      [2.4, 1],
    ],
  ],
];

const tableScore = ([reach = 0, effort = 0, impact = 0, subsequent = 0]: readonly number[]): number =>
  SCORES[reach]?.[effort]?.[impact]?.[subsequent] ?? Number.NaN;

/** For what binary fractions lose. */
const EPSILON = 1e-6;

/** The base score of a CVSS 4.0 vector, whatever it has beside its base metrics; undefined where it is none, or lacks one. */
export function baseScore4(vector: string): number | undefined {
  if (!vector.startsWith("CVSS:4.0/")) return undefined;
  const given = new Map(vector.split("/").map((part) => part.split(":", 2) as [string, string | undefined]));
  const values = GROUPS.map(({ metrics }) => valuesOf(metrics, given));
  if (values.includes(undefined)) return undefined;
  if (values.slice(2).every((impact) => impact === "NNN")) return 0;
  const levels = GROUPS.map(({ levelOf }, at) => levelOf(values[at] ?? ""));
  const score = tableScore(levels);
  const falls = GROUPS.flatMap((group, at) => {
    const { worst = [], below = [], steps = 1 } = group.levels[levels[at] ?? 0] ?? {};
    if (below.length === 0) return [];
    const next = Math.max(...below.map((level) => tableScore(levels.with(at, level))));
    return [((score - next) * stepsBelow(worst, values[at] ?? "", group)) / steps];
  });
  // What is known of exploits is one more group, at its worst where a vector does not say it.
  const mean = falls.reduce((sum, fall) => sum + fall, 0) / (falls.length + 1);
  return Math.round((score - mean + EPSILON) * 10) / 10;
}

/** The values of a group's metrics; undefined where one is missing, or none that it may have. */
function valuesOf(metrics: Group["metrics"], given: ReadonlyMap<string, string | undefined>): string | undefined {
  const values = metrics.map(([name]) => given.get(name) ?? "");
  const areKnown = metrics.every(([, known], at) => values[at]?.length === 1 && known.includes(values[at] ?? ""));
  return areKnown ? values.join("") : undefined;
}

/** How many steps a vector is below the first of the worst ones that is in no metric less severe. */
function stepsBelow(worst: readonly string[], values: string, { metrics }: Group): number {
  for (const each of worst) {
    const steps = metrics.map(([, known], at) => known.indexOf(values[at] ?? "") - known.indexOf(each[at] ?? ""));
    if (steps.every((step) => step >= 0)) return steps.reduce((sum, step) => sum + step, 0);
  }
  return 0;
}
