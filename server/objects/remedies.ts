import { ADVISORIES_PREFIX, CARRIED_PREFIX, type DURABLE_PREFIXES } from "../../worker/platform/objects.ts";

/** What to do about an object that is lost or damaged and is not fetched again, by what its key begins with. */
export const REMEDIES: Readonly<Record<(typeof DURABLE_PREFIXES)[number], string>> = {
  "hosted/":
    "Restore the file from a backup. Without one, delete the release (pypi-edge release delete) and publish it anew.",
  // No backup has it.
  "staging/":
    "Upload the file anew. Where it came in parts, cancel that upload first (DELETE /-/api/uploads/ID, where ID is what follows staging/), or wait for a day: it ends by itself.",
  [CARRIED_PREFIX]:
    "Restore the object from a backup. Without one, carry all of the index anew to another source (pypi-edge import).",
  [ADVISORIES_PREFIX]:
    "Load the advisories anew: pypi-edge osv load, or, where OSV has an address, pypi-edge jobs run advisories.",
};

/** The remedy for the object under a key; empty where it is fetched again. */
export const remedyFor = (key: string) =>
  Object.entries(REMEDIES).find(([prefix]) => key.startsWith(prefix))?.[1] ?? "";
