import type { StatedPublisher } from "../../schema/provenance.ts";
import { PUBLISHER_KINDS, type Publisher, type PublisherKind } from "../pypi/publisher.ts";
import type { CertificateClaims } from "./certificate.ts";

/** Reads the publisher of one kind from a certificate; undefined where the certificate does not name one. */
type ReadPublisher = (claims: CertificateClaims) => Publisher | undefined;

const READERS: Readonly<Record<PublisherKind, { readonly issuer: string; readonly read: ReadPublisher }>> = {
  GitHub: {
    issuer: "https://token.actions.githubusercontent.com",
    read: (claims) => builtFrom("GitHub", "https://github.com/", "/.github/workflows/", claims),
  },
  GitLab: {
    issuer: "https://gitlab.com",
    read: (claims) => builtFrom("GitLab", "https://gitlab.com/", "//", claims),
  },
  Google: {
    issuer: "https://accounts.google.com",
    read: ({ email }) => (email === undefined ? undefined : { kind: "Google", account: email }),
  },
  CircleCI: {
    issuer: "https://oidc.circleci.com",
    read({ buildSigner, repository }) {
      const found = CIRCLE_SIGNER.exec(buildSigner ?? "");
      return found ? { kind: "CircleCI", account: found[1], workflow: found[2], repository } : undefined;
    },
  },
};

const CIRCLE_SIGNER = /^https:\/\/circleci\.com\/api\/v2\/projects\/([\w-]+)\/pipeline-definitions\/([\w-]+)$/;

/** The publisher that a certificate names; undefined where none can be told from it. */
export function publisherOf(claims: CertificateClaims): Publisher | undefined {
  const kind = PUBLISHER_KINDS.find((each) => READERS[each].issuer === claims.issuer);
  return kind && READERS[kind].read(claims);
}

/** A workflow of a repository: its address is the repository's, then the workflow's path, then the commit or ref. */
function builtFrom(
  kind: PublisherKind,
  host: string,
  folder: string,
  claims: CertificateClaims,
): Publisher | undefined {
  const { repository: url = "", buildConfig = "", commit, ref, repositoryId, ownerId } = claims;
  const start = `${url}${folder}`;
  const end = [commit, ref].find((at) => at !== undefined && buildConfig.endsWith(`@${at}`));
  if (!url.startsWith(host) || !buildConfig.startsWith(start) || end === undefined) return undefined;
  const workflow = buildConfig.slice(start.length, -(end.length + 1));
  return workflow === "" ? undefined : { kind, repository: url.slice(host.length), workflow, repositoryId, ownerId };
}

/** Where each kind of publisher is stated in a provenance object, by the names that the certificate's have here. */
const STATED: Readonly<Record<PublisherKind, Readonly<Partial<Record<keyof Publisher, string>>>>> = {
  GitHub: { repository: "repository", workflow: "workflow" },
  GitLab: { repository: "repository", workflow: "workflow_filepath" },
  Google: { account: "email" },
  CircleCI: { account: "project_id", workflow: "pipeline_definition_id" },
};

/** Whether what an index states of a publisher is what the certificate says. */
export function isStated(stated: StatedPublisher, publisher: Publisher): boolean {
  if (stated.kind !== publisher.kind) return false;
  const members = Object.entries(STATED[publisher.kind]) as [keyof Publisher, string][];
  if (!members.every(([own, theirs]) => stated[theirs] === publisher[own])) return false;
  // Optional there, and not told apart by anything else.
  const origin = publisher.kind === "CircleCI" ? stated["vcs_origin"] : undefined;
  return origin === undefined || origin === null || origin === publisher.repository;
}

/** A publisher as indexes state it in a provenance object. */
export const statedOf = (publisher: Publisher): StatedPublisher => ({
  kind: publisher.kind,
  ...Object.fromEntries(
    Object.entries(STATED[publisher.kind]).map(([own, theirs]) => [theirs, publisher[own as keyof Publisher]]),
  ),
});

/** Whether certificates can name publishers of this kind. */
export const isKnownKind = (kind: string): boolean => (PUBLISHER_KINDS as readonly string[]).includes(kind);
