import { SECOND } from "../duration.ts";
import { overlay, type OverlayParts } from "../layers/hosted/overlay.ts";
import { priority, type PrioritySource } from "../layers/priority.ts";
import { answerDeadline } from "../layers/answer-deadline.ts";
import { keepListing } from "../layers/keep-listing.ts";
import type { ListingParts } from "../layers/store-listing.ts";
import type { Layer, Repository } from "../repository/repository.ts";

/** Less than the 15 s after which pip gives up without showing a reason. Milliseconds. */
const ANSWER_DEADLINE = 14 * SECOND;

/** The whole stack of an index, top to bottom; below it are the stacks of its sources (source-stack.ts). */
export const indexStack = (
  sources: readonly PrioritySource[],
  packages: OverlayParts,
  listing: ListingParts,
): Repository =>
  answerDeadline(ANSWER_DEADLINE)(
    (sources.length === 0 ? asItIs : keepListing(listing))(
      overlay(packages)(
        oneOf(sources), //
      ),
    ),
  );

/** What an index hosts is read from the database each time. */
const asItIs: Layer = (inner) => inner;

/** Several sources by priority. A single source that claims no names needs no priority layer. */
function oneOf(sources: readonly PrioritySource[]): Repository {
  const [first, ...others] = sources;
  return first && others.length === 0 && !first.projects ? first.repository : priority(sources);
}
