/** The CI services whose identities a certificate can name, as PyPI spells them. */
export const PUBLISHER_KINDS = ["GitHub", "GitLab", "Google", "CircleCI"] as const;

export type PublisherKind = (typeof PUBLISHER_KINDS)[number];

/** Who built and published a file, as the certificate of its attestation says. */
export interface Publisher {
  readonly kind: PublisherKind;
  /** `owner/name`; on GitLab with all groups, on CircleCI with the host. undefined for a Google service account. */
  readonly repository?: string | undefined;
  /** The file's name on GitHub, its path on GitLab, the pipeline definition's id on CircleCI. */
  readonly workflow?: string | undefined;
  /** The e-mail address of a Google service account; the project's id on CircleCI. */
  readonly account?: string | undefined;
  /** Ids that stay when a repository or its owner is renamed. */
  readonly repositoryId?: string | undefined;
  readonly ownerId?: string | undefined;
}

/** A publisher of files of a project. */
export interface KnownPublisher extends Publisher {
  /** When the first file that it has attested was uploaded. Milliseconds since the epoch; 0: the upstream does not say. */
  readonly since: number;
}

/**
 * Whether two publishers are one. Where both have ids, these decide: a renamed repository is the same, one of another owner
 * or one that was made anew under an old name is another. The workflow does not matter: who may change one file of a
 * repository may change them all.
 */
export function isSamePublisher(one: Publisher, other: Publisher): boolean {
  if (one.kind !== other.kind || one.account !== other.account) return false;
  if (one.repositoryId !== undefined && other.repositoryId !== undefined) {
    return one.repositoryId === other.repositoryId && one.ownerId === other.ownerId;
  }
  return one.repository === other.repository;
}

/** `GitHub acme/demo (release.yml)`: who it is, for people. */
export function publisherLabel({ kind, repository, workflow, account }: Publisher): string {
  const name = repository ?? account;
  return `${kind}${name === undefined ? "" : ` ${name}`}${workflow === undefined ? "" : ` (${workflow})`}`;
}

const HOSTS: Readonly<Partial<Record<PublisherKind, string>>> = {
  GitHub: "https://github.com",
  GitLab: "https://gitlab.com",
};

/** Where people look at the commit that was built; undefined where that is not known. */
export function commitUrl(publisher: Publisher, commit: string | undefined): string | undefined {
  const repository = repositoryUrl(publisher);
  return repository === undefined || commit === undefined ? undefined : `${repository}/commit/${encodeURI(commit)}`;
}

/** Where people look at the repository; undefined where that is not known. */
export function repositoryUrl({ kind, repository }: Publisher): string | undefined {
  const host = HOSTS[kind];
  return host === undefined || repository === undefined ? undefined : `${host}/${encodeURI(repository)}`;
}
