import { commitUrl, publisherLabel, repositoryUrl, type Publisher } from "./publisher.ts";
import type { Signer, Verdict } from "./verdict.ts";

/** A publisher as answers in JSON show it: with a line for people, and where they look at the repository. */
export function shownPublisher({ kind, repository, workflow, account, repositoryId, ownerId }: Publisher) {
  const publisher = { kind, repository, workflow, account, repositoryId, ownerId };
  return { publisher, label: publisherLabel(publisher), url: repositoryUrl(publisher) };
}

/** When, where and of which commit a verified file was signed, as answers in JSON show it. */
export function shownSigning({ publisher, commit, ref, run, signedAt, logIndex }: Signer) {
  const signed = signedAt === 0 ? undefined : new Date(signedAt).toISOString();
  return { commit, commitUrl: commitUrl(publisher, commit), ref, run, signed, logIndex };
}

/** A verdict on a file's provenance as answers in JSON show it. */
export function shownVerdict(verdict: Exclude<Verdict, { readonly state: "unknown" }>): object {
  if (verdict.state === "refused") return { state: verdict.state, reason: verdict.reason };
  return { state: verdict.state, ...shownPublisher(verdict.publisher), ...shownSigning(verdict) };
}
