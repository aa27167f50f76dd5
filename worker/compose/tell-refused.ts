import type { GuardParts } from "../layers/guard/guard.ts";
import type { Notices } from "../repository/ports/notices.ts";

/** Keeps what receivers are to be told of files that an index refuses; undefined where none wants to know. */
export function tellRefusedOf(of: string, { receivers, store }: Notices): GuardParts["tellRefused"] {
  const isWanted = (event: string) => receivers.some(({ wants }) => wants(event));
  if (!isWanted("blocked") && !isWanted("stored-blocked")) return undefined;
  return ({ project, filename, rule, index, sentence, isStored }, ctx) => {
    const event = isStored ? "stored-blocked" : "blocked";
    const key = `${event} ${of} ${project} ${filename}`;
    const details = { rule, policy: index, reason: sentence() };
    ctx.defer(store.add([{ key, event, index: of, project, subject: filename, details }], ctx.now));
  };
}
