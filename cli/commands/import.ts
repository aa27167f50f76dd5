import { carriedKey } from "../../schema/carried-keys.ts";
import { sizeText } from "../../worker/pypi/size-text.ts";
import type { ImportedStep } from "../air-gap/import-step.ts";
import { command, forServer, repeated } from "../lib/command.ts";
import { CommandError, EXIT_CODES, usageError } from "../lib/command-error.ts";
import { counted } from "../../worker/pypi/counted.ts";
import { showProgress } from "../lib/progress.ts";
import { findServer } from "../lib/server-address.ts";

/** `pypi-edge import`: brings what `pypi-edge export` has written into an index that no network reaches. */
export const importCommand = () =>
  forServer(
    command("import", "take the volumes of an export into an index that no network reaches; a second run goes on", [
      ["pypi-edge import step1 --index carried", "a step"],
      ["pypi-edge import step1 /media/disc2 --index carried", "whose volumes are in two places"],
      ["pypi-edge import step2 step3 --index carried", "two steps, in their order"],
    ]),
  )
    .argument("<folders...>", "folders with volumes; one of them has manifest.json and manifest.sig")
    .option("--index <name>", "the index, which has a source of the kind offline (default: default)")
    .option("--source <name>", "the source, where the index has several of this kind")
    .option("--key <key>", "also check here that this key has signed it; may be repeated", repeated)
    .action(async (folders, { index = "default", source, key: keys = [], json, ...options }) => {
      const unusable = keys.find((each) => !carriedKey.safeParse(each).success);
      if (unusable !== undefined)
        throw usageError("--key is a public key, such as ed25519:…, as pypi-edge export --new-key prints it.");
      const { foundSteps } = await import("../air-gap/found-steps.ts");
      const steps = await foundSteps(folders, keys);
      const server = await findServer(options);
      process.once("SIGINT", () => {
        console.error("Stopped. Run the command again: what has arrived is not sent again.");
        process.exit(EXIT_CODES.interrupted.code);
      });
      const { carriedApi } = await import("../air-gap/carried-api.ts");
      const { importStep } = await import("../air-gap/import-step.ts");
      const api = carriedApi(server, index, source);
      const bar = showProgress(process.stderr);
      const imported: ImportedStep[] = [];
      try {
        for (const step of steps) {
          imported.push(await importStep(step, api, (done, of, text) => bar.show({ done, of, unit: "bytes", text })));
          if (imported.at(-1)?.next !== undefined) break;
        }
      } finally {
        bar.end();
        await api.close();
        if (json) console.log(JSON.stringify({ index, steps: imported }));
        else for (const step of imported) console.log(lineOf(step, index));
      }
      const next = imported.find((step) => step.next !== undefined);
      if (next)
        throw new CommandError(
          `Step ${next.sequence} is not whole yet: ${next.next} is next. Run the command again with the folder that has it.`,
        );
    });

function lineOf({ sequence, sent, bytes, next }: ImportedStep, index: string): string {
  if (sent === 0 && next === undefined) return `${index}, step ${sequence}: it was there.`;
  return `${index}, step ${sequence}: ${counted(sent, "member")} sent, ${sizeText(bytes)}${next === undefined ? "; it is whole" : ""}.`;
}
