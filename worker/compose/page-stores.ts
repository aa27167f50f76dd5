import type { TokenStore } from "../auth/ports.ts";
import { reservedBy } from "../layers/reserved-names.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { ReleaseStore } from "../publishing/releases/ports.ts";
import type { StoredListing } from "../repository/ports/stored-listing.ts";
import type { KnownProjects, ListedNames } from "../repository/ports/known-projects.ts";
import type { ProjectUses } from "../repository/ports/project-uses.ts";
import type { HostedProvenance } from "../repository/ports/hosted-packages.ts";
import type { KnownBuilders } from "../repository/ports/provenance.ts";
import type { Publishers } from "../repository/ports/publishers.ts";
import type { Readmes } from "../repository/ports/readmes.ts";
import type { Stores } from "../storage/stores.ts";

/** The stores that the pages for people read beside an index. */
export interface PageStores {
  readonly publishers: Publishers;
  readonly tokens: Pick<TokenStore, "list">;
  readonly releases: Pick<ReleaseStore, "read">;
  readonly projectUses: ProjectUses;
  readonly builders: KnownBuilders;
  readonly hostedProvenance: Pick<HostedProvenance, "signers">;
  readonly readmes: Readmes;
  readonly knownProjects: KnownProjects;
  readonly storedListing: StoredListing;
  readonly listedNames: ListedNames;
  /** Whether no upstream is ever asked for a name. */
  readonly isReserved: (name: ProjectName) => boolean;
}

/** @param reserved patterns of names */
export function pageStoresOf(stores: Stores, reserved: readonly string[], builders: KnownBuilders): PageStores {
  const { publishers, tokens, releases, projectUses, readmes, knownProjects, storedListing, listedNames } = stores;
  return {
    publishers,
    tokens,
    releases,
    projectUses,
    builders,
    hostedProvenance: stores.hostedProvenance,
    readmes,
    knownProjects,
    storedListing,
    listedNames,
    isReserved: reservedBy(reserved),
  };
}
