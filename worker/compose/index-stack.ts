import { SECOND } from "../duration.ts";
import { guard, type GuardParts } from "../layers/guard/guard.ts";
import { overlay, type OverlayParts } from "../layers/hosted/overlay.ts";
import { priority, type PrioritySource } from "../layers/priority.ts";
import { askAhead, type AheadParts } from "../layers/ask-ahead.ts";
import { answerDeadline } from "../layers/answer-deadline.ts";
import { keepListing } from "../layers/keep-listing.ts";
import { datedListing, settled } from "../layers/date-serials.ts";
import { pageJson } from "../layers/page-json.ts";
import type { Context } from "../repository/context.ts";
import type { ListingParts } from "../layers/store-listing.ts";
import { explainBy } from "../layers/guard/explain.ts";
import type { PolicyConfig } from "../../schema/policy.ts";
import type { Explain } from "../repository/explanation.ts";
import type { Layer, Repository } from "../repository/repository.ts";

/** Less than the 15 s after which pip gives up without showing a reason. Milliseconds. */
const ANSWER_DEADLINE = 14 * SECOND;

/** An index, and what explains its policy; undefined where it has none. */
export interface IndexStack {
  readonly repository: Repository;
  /** Whether it has times in the place of its source's serials: it does not show just what one source has. */
  readonly isDated: boolean;
  readonly explain: Explain | undefined;
  /** Explains what another policy would refuse in the place of its own. */
  readonly explainUnder: (policy: PolicyConfig) => Explain;
}

/**
 * The whole stack of an index, top to bottom; below it are the stacks of its sources (source-stack.ts).
 *
 * @param ahead asks the sources ahead of clients; undefined: nothing is asked ahead
 * @param pageTtl milliseconds for which a source's page is served without asking the upstream
 */
export function indexStack(
  sources: readonly PrioritySource[],
  packages: OverlayParts,
  listing: ListingParts,
  guarding: GuardParts,
  ahead: AheadParts | undefined,
  pageTtl: number,
): IndexStack {
  const isGuarded = guarding.policies.length > 0;
  const [only] = sources;
  const isPlain =
    only && sources.length === 1 && !only.projects && !only.isPartial && packages.overlays.length === 0 && !isGuarded;
  const ages = guarding.policies.flatMap(({ minAge }) => minAge ?? []);
  const dating = { after: [settled(pageTtl), ...ages], weekly: isGuarded };
  const dated = sources.map((source) => ({
    ...source,
    repository: { ...source.repository, projects: (ctx: Context) => datedListing(source.repository, dating, ctx) },
  }));
  // What a policy refuses is not to be fetched in vain.
  const unguarded = (ahead && !isGuarded ? askAhead(ahead) : asItIs)(
    overlay(packages)(
      oneOf(isPlain ? sources : dated), //
    ),
  );
  return {
    isDated: !isPlain,
    repository: answerDeadline(ANSWER_DEADLINE)(
      (sources.length === 0 ? asItIs : keepListing(listing))(
        (isPlain ? asItIs : pageJson)(
          (isGuarded ? guard(guarding) : asItIs)(
            unguarded, //
          ),
        ),
      ),
    ),
    explain: isGuarded
      ? explainBy(guarding.policies, guarding.entriesOf, guarding.findAdvisories, unguarded)
      : undefined,
    explainUnder: (policy) => explainBy([policy], guarding.entriesOf, guarding.findAdvisories, unguarded),
  };
}

/** A layer that an index does not need: what it hosts is read from the database each time, and few have a policy. */
const asItIs: Layer = (inner) => inner;

/** Several sources by priority. A single source that claims no names needs no priority layer. */
function oneOf(sources: readonly PrioritySource[]): Repository {
  const [first, ...others] = sources;
  return first && others.length === 0 && !first.projects ? first.repository : priority(sources);
}
