import type * as z from "zod/mini";
import type { heldFix } from "../../../schema/held-fix.ts";
import type { HeldVersion } from "../../repository/held-fixes.ts";

/** What the API shows of a held fix. */
export const shownFix = ({ until, advisories, ...fix }: HeldVersion): z.infer<typeof heldFix> => ({
  ...fix,
  until: until === undefined ? undefined : new Date(until).toISOString(),
  advisories: advisories.map(({ aliases, ...advisory }) => ({ ...advisory, aliases: [...aliases] })),
});
