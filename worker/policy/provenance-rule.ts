import { matcher } from "../pypi/pattern.ts";
import { isSamePublisher, publisherLabel, type KnownPublisher, type Publisher } from "../pypi/publisher.ts";
import { moment } from "./moment.ts";
import type { Hit, JudgedFile, Policy, ProvenanceHistory, Rule, WantedPublisher } from "./policy.ts";
import { held, refused } from "./wording.ts";

/**
 * Makes the rule `provenance` of a policy. It goes by what was verified. It is about what comes from upstreams: hosted
 * files are the team's own.
 */
export function provenanceIn({ provenance: wanted, index, modes, unverifiable }: Policy): Rule | undefined {
  if (!wanted) return undefined;
  const required = wanted.require.map(matcher);
  const pins = wanted.publishers.map((pin) => ({ matches: matcher(pin.project), pin }));
  return (file, now) => {
    const { project, filename, provenance } = file;
    if (file.isHosted || !provenance) return undefined;
    const pinned = pins.filter(({ matches }) => matches(project)).map(({ pin }) => pin);
    const isRequired = required.some((matches) => matches(project));
    if (!isRequired && !wanted.regressed && pinned.length === 0) return undefined;
    const { own, history } = provenance;
    const refusal = (why: string): Hit => ({ sentence: (as) => `${filename} ${refused(as)}: ${why}.` });
    const waiting = (why: string): Hit => ({
      // A mark that goes again within a minute would only confuse.
      ...(modes.provenance === "warn" && { mode: "audit" as const }),
      sentence(as) {
        const trouble = unverifiable?.(now);
        return `${filename} ${held(as)}: ${why} has not been verified yet.${trouble === undefined ? "" : ` ${trouble}`}`;
      },
    });
    if (own.state === "verified") {
      const isEarly = pinned.length === 0 && wanted.regressed && isFirstUnknown(history);
      if (isEarly) return waiting(`the provenance of earlier files of ${project}`);
      const why = otherPublisher(file, own.publisher, history, pinned, wanted.regressed);
      return why === undefined ? undefined : refusal(why);
    }
    if (own.state === "undecided") return waiting("its provenance");
    const lack =
      own.state === "refused"
        ? `its provenance is not valid, ${own.reason.replace(/\.$/, "")}`
        : "it has no provenance";
    if (isRequired) return refusal(`${lack}, which index ${index} requires`);
    const since = attestedSince(history, pinned);
    if ((file.uploadedAt ?? Infinity) <= since.at) return undefined;
    const earlier = since.by === undefined ? "have" : `are proven to be by ${publisherLabel(since.by)}`;
    return refusal(`${lack}, and earlier files of ${project} ${earlier}`);
  };
}

/** Whether a file that is not verified yet came before all that are: who built it would be the publisher of the project. */
const isFirstUnknown = ({ publishers: [first], undecidedSince }: ProvenanceHistory) =>
  first !== undefined && undecidedSince < first.since;

/** Why a file that was verified must not be by its publisher; undefined where it may. */
function otherPublisher(
  { project }: JudgedFile,
  publisher: Publisher,
  history: ProvenanceHistory,
  pinned: readonly WantedPublisher[],
  isRegressed: boolean,
): string | undefined {
  if (pinned.length > 0) {
    if (pinned.some((pin) => isWanted(publisher, pin))) return undefined;
    return `it was built by ${publisherLabel(publisher)}, which is not the publisher that is pinned for ${project}`;
  }
  const [first] = history.publishers;
  if (!isRegressed || !first || isSamePublisher(first, publisher)) return undefined;
  return `it was built by ${publisherLabel(publisher)}, and ${project} by ${publisherLabel(first)} ${sinceText(first)}`;
}

const sinceText = ({ since }: KnownPublisher) => (since === 0 ? "before" : `since ${moment(since).slice(0, 10)}`);

/**
 * When files of the project began to be attested, and the publisher: one that is pinned, where one is known. What is not
 * verified yet counts as attested.
 */
function attestedSince({ publishers, undecidedSince }: ProvenanceHistory, pinned: readonly WantedPublisher[]) {
  const first = publishers.find((each) => pinned.some((pin) => isWanted(each, pin))) ?? publishers[0];
  if (!first || undecidedSince < first.since) return { at: undecidedSince, by: undefined };
  return { at: first.since, by: first };
}

/** Whether a publisher is all that is said of it. GitHub and GitLab do not tell upper from lower case in names. */
function isWanted(publisher: Publisher, wanted: WantedPublisher): boolean {
  const isSame = (one: string | undefined, other: string) => one?.toLowerCase() === other.toLowerCase();
  return MEMBERS.every((member) => {
    const value = wanted[member];
    if (value === undefined) return true;
    return member === "repository" ? isSame(publisher.repository, value) : publisher[member] === value;
  });
}

const MEMBERS = [
  "kind",
  "repository",
  "workflow",
  "account",
  "repositoryId",
  "ownerId",
] as const satisfies readonly (keyof Publisher)[];
