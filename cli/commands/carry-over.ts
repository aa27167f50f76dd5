import { resolve, sep } from "node:path";
import type { CarriedOver } from "../../server/carry-over/carry-over.ts";
import { sizeText } from "../../worker/pypi/size-text.ts";
import { command } from "../lib/command.ts";
import { usageError } from "../lib/command-error.ts";

/** `pypi-edge carry-over`: takes what an earlier version has stored into a new state directory. */
export const carryOverCommand = () =>
  command(
    "carry-over",
    "copy the uploads, tokens and audit log of an earlier version's state directory into a new one",
    [["pypi-edge carry-over .pypi-edge --state .pypi-edge-new", "only reads the old one; a second run goes on"]],
  )
    .argument("<old>", "the state directory of an earlier version; no server may use it")
    .requiredOption("--state <dir>", "the new state directory: one that does not exist yet, or is empty")
    .option("--without-damaged", "accept that bytes of some files are lost: all else is carried over")
    .option("--json", "print the result as JSON")
    .action(async (old, { state, withoutDamaged, json }) => {
      const [from, to] = [resolve(old), resolve(state)];
      if (isWithin(from, to) || isWithin(to, from))
        throw usageError(`--state ${state}: neither directory may lie in the other one, ${old}.`);
      // The server's code takes a moment to load.
      const { carryAll } = await import("../carry-over/carry-all.ts");
      const carried = await carryAll(from, to, withoutDamaged === true);
      for (const line of carried.damaged) console.error(`Lost: ${line}`);
      console.log(json === true ? JSON.stringify(carried) : summary(carried, from, to));
    });

const isWithin = (inner: string, outer: string) => `${inner}${sep}`.startsWith(`${outer}${sep}`);

function summary(carried: CarriedOver, from: string, to: string): string {
  const { objects, tokens, auditEntries, unfinishedUploads } = carried;
  const sentences = [
    `Copied into ${to}: uploads (objects: ${objects}, ${sizeText(carried.bytes)}), tokens (${tokens}), audit log (entries: ${auditEntries}).`,
    `${from} is unchanged.`,
    ...(unfinishedUploads > 0 ? [`Uploads that were not finished must be sent again (${unfinishedUploads}).`] : []),
    `Pages and mirrored files are fetched again. Start with --state ${to}.`,
  ];
  return sentences.join("\n");
}
