import type { NewTrustedRoot, ShownTrustedRoot } from "../../schema/trusted-root.ts";
import { versionsOf } from "../../schema/trusted-root.ts";
import type { Author } from "../auth/audit-entry.ts";
import type { StoredRoot, TrustedRootStore } from "../auth/trusted-root.ts";
import { IndexError, messageOf } from "../errors.ts";
import { storedRootOf, type RootHolder } from "../provenance/current-root.ts";
import { unusable } from "../provenance/trusted-root.ts";

/** Shows the trusted root of the deployment, and stores another. */
export type TrustedRoots = ReturnType<typeof trustedRoots>;

export function trustedRoots(holder: RootHolder, store: TrustedRootStore) {
  async function show(now: number): Promise<ShownTrustedRoot> {
    const [stored] = await Promise.all([store.read(), holder.refresh()]);
    const { root, from } = holder.current();
    const trouble = unusable(root, now);
    return {
      id: root.id,
      from,
      ...(root.takenAt !== undefined && { takenAt: new Date(root.takenAt).toISOString() }),
      ...(root.expiresAt !== undefined && { expiresAt: new Date(root.expiresAt).toISOString() }),
      ...(trouble !== undefined && { trouble }),
      ...(stored && { stored: { source: stored.source, metadata: stored.metadata } }),
    };
  }

  return {
    show,

    /**
     * Stores a root whose signatures the sender has verified. Verdicts by the one before are made anew by the job `verdicts`, and
     * count until then.
     *
     * @throws IndexError `unprocessable` where it cannot be read, is older than the one that is stored, or the configuration has one;
     *   `storage-failed`
     */
    async replace({ root, source, metadata }: NewTrustedRoot, author: Author, now: number): Promise<ShownTrustedRoot> {
      if (holder.current().from === "configuration") throw new IndexError("unprocessable", CONFIGURED);
      const { id } = readable(root, now);
      const versions = versionsOf(metadata);
      if (!versions) throw unprocessable("metadata has no versions: it is none of a TUF repository");
      const before = await store.read();
      if (before?.source === source) requireNotOlder(versions, before);
      const details = { root: id, source, versions };
      const audit = { ...author, action: "root.store" as const, index: "*", project: "", subject: "", details };
      await store.replace({ root: JSON.stringify(root), source, metadata, takenAt: now }, audit);
      return show(now);
    },
  };
}

const CONFIGURED =
  "TRUSTED_ROOT has the trusted root of this deployment: take it out of the configuration before another is stored.";

function readable(root: unknown, now: number) {
  try {
    return storedRootOf(root, now);
  } catch (error) {
    throw unprocessable(`root is not one: ${messageOf(error)}`);
  }
}

/** Each version of the metadata goes up only: an older one may have keys in it that were lost since. */
function requireNotOlder(versions: readonly number[], { source, metadata }: StoredRoot): void {
  const known = versionsOf(metadata) ?? [];
  if (versions.every((version, at) => version >= (known[at] ?? 0))) return;
  throw unprocessable(
    `it is older than the one of ${source} that is stored: its metadata has the versions ${versions.join(", ")} (root, timestamp, snapshot), and ${known.join(", ")} are known`,
  );
}

const unprocessable = (why: string) => new IndexError("unprocessable", `The trusted root was not stored: ${why}.`);
