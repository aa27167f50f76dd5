import type { IndexConfig } from "../../schema/indexes.ts";
import { DAY } from "../duration.ts";
import type { AdvisoryIndexStore } from "../repository/ports/advisory-index.ts";

/** What is wrong with the advisories that policies go by. */
export interface AdvisoryTrouble {
  readonly sentence: string;
  /** Whether something failed: to have none at all is a choice as well. */
  readonly isFault: boolean;
  /** When those that are too old were last known to be right; undefined where they are not, or there are none. Milliseconds since the epoch. */
  readonly staleSince?: number | undefined;
}

/** The job keeps them each hour; by hand they are loaded now and then. Milliseconds. */
const TOO_OLD = { kept: 2 * DAY, loaded: 30 * DAY } as const;

type Policy = IndexConfig["policies"][number];

interface TroubleParts {
  readonly indexes: readonly Pick<IndexConfig, "name" | "policies">[];
  /** Whether the job keeps them. */
  readonly isKept: boolean;
  readonly store: Pick<AdvisoryIndexStore, "state">;
}

/**
 * Returns a function that says what is wrong with the advisories; undefined where nothing is, or no policy goes by them. It
 * names no address: anyone may read it. Rejects where the database cannot be read.
 */
export function advisoryTroubleOf({
  indexes,
  isKept,
  store,
}: TroubleParts): (now: number) => Promise<AdvisoryTrouble | undefined> {
  const using = indexes.filter(({ policies }) => policies.some(goesByAdvisories));
  if (using.length === 0) return async () => undefined;
  const meanwhile = withoutAdvisories(using);
  return async (now) => {
    const { isLoaded, checkedAt, failure } = await store.state();
    const load = isKept
      ? "pypi-edge jobs run advisories loads them"
      : "pypi-edge osv load FILE loads them, or OSV in the configuration (serve --osv) keeps them";
    if (!isLoaded) {
      return { sentence: `No advisories are loaded: ${meanwhile}. ${load}.`, isFault: failure !== undefined };
    }
    const isOld = now - checkedAt > (isKept ? TOO_OLD.kept : TOO_OLD.loaded);
    if (failure === undefined && !isOld) return undefined;
    const of = new Date(checkedAt).toISOString();
    const why = failure === undefined ? "" : " The last run failed; the log says why.";
    return {
      sentence: `The advisories are those of ${of}, and count as long as there are no others.${why}`,
      isFault: true,
      ...(isOld && { staleSince: checkedAt }),
    };
  };
}

/** What indexes do while no advisories are loaded. */
function withoutAdvisories(using: TroubleParts["indexes"]): string {
  const isClosed = ({ policies }: (typeof using)[number]) => policies.some(refusesWithout);
  const [closed, open] = [using.filter(isClosed), using.filter((index) => !isClosed(index))];
  const said = [
    ...(closed.length > 0 ? [`${named(closed, "has", "have")} rules that refuse every file until then`] : []),
    ...(open.length > 0
      ? [
          `${named(open, "lets through what its", "let through what their")} rules on malware and vulnerabilities would refuse`,
        ]
      : []),
  ];
  return said.join(", and ");
}

const goesByAdvisories = ({ modes }: Policy) => modes.malware !== "off" || modes.vulnerable !== "off";

const refusesWithout = ({ modes, vulnerable, onMissing }: Policy) =>
  onMissing === "refuse" &&
  (modes.malware === "enforce" ||
    modes.vulnerable === "enforce" ||
    (modes.vulnerable !== "off" && vulnerable?.unknown === "enforce"));

/** Indexes, and what they do. */
const named = (indexes: TroubleParts["indexes"], one: string, several: string) =>
  `${indexes.length === 1 ? "index" : "indexes"} ${indexes.map(({ name }) => name).join(", ")} ${indexes.length === 1 ? one : several}`;
