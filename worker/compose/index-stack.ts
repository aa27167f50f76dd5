import { hosted, type HostedParts } from "../repository/hosted/hosted.ts";
import { priority, type Source } from "../repository/priority.ts";
import { punctual } from "../repository/punctual.ts";
import type { Repository } from "../repository/repository.ts";

/** Less than the 15 s after which pip gives up without a word of the reason. Milliseconds. */
const ANSWER_DEADLINE = 14_000;

/** The whole stack of an index, top to bottom; below it are the stacks of its sources (source-stack.ts). */
export const indexStack = (sources: readonly Source[], packages: HostedParts): Repository =>
  punctual(ANSWER_DEADLINE)(
    hosted(packages)(
      oneOf(sources), //
    ),
  );

/** Several sources by priority; a single one that any name may come from needs no arbiter in front of it. */
function oneOf(sources: readonly Source[]): Repository {
  const [first, ...others] = sources;
  return first && others.length === 0 && !first.projects ? first.repository : priority(sources);
}
