import { resolve } from "node:path";
import { command, forServer } from "../lib/command.ts";
import { usageError } from "../lib/command-error.ts";
import { findServer } from "../lib/server-address.ts";
import { stateDirectory } from "../lib/state.ts";
import { verifyUpstream } from "../mirror/verify-upstream.ts";
import { failWhereFaulty, reportVerified } from "./backup.ts";

/** Options that are of no use without `--upstream`. */
const OF_UPSTREAM = ["sample", "source", "cached", "url", "token"] as const;

/** `pypi-edge verify`: compares all that is stored with its digests, or what is mirrored with its upstream. */
export const verifyCommand = () =>
  forServer(
    command("verify", "read all that is stored, and compare it with its digests and its rows, or with its upstream", [
      ["pypi-edge verify", "the state directory of this machine, while the server runs"],
      ["pypi-edge verify --repair", "the server must not run; no upload is changed"],
      ["pypi-edge verify /mnt/backups/all", "the folder of a backup"],
      ["pypi-edge verify --upstream --repair", "have a server compare what is mirrored with its upstream, and mend it"],
      ["pypi-edge verify --upstream --sample 5%", "one project of twenty"],
    ]),
  )
    .argument("[backup]", "the folder of a backup; without it, the state directory is verified")
    .option(
      "--repair",
      "delete what is damaged and can be fetched again, and give files rows again that were lost; with --upstream, fetch it again",
    )
    .option(
      "--upstream",
      "have a server compare what is mirrored with its upstream, and go on with what was broken off",
    )
    .option("--sample <percent>", "with --upstream: so many of the projects, chosen at random, such as 5%")
    .option("--source <name>", "with --upstream: the upstream, by its name in the configuration")
    .option("--cached", "with --upstream: also what is stored without being mirrored on purpose")
    .action(async (backup, options) => {
      const { state, repair = false, json = false } = options;
      if (options.upstream) {
        if (backup !== undefined) throw usageError("--upstream is for a server; a backup has no upstream.");
        const { sample, source, cached = false } = options;
        const demand = { sample: percentOf(sample), source, repair, cached };
        return verifyUpstream(await findServer(options), demand, json);
      }
      const needless = OF_UPSTREAM.find((name) => options[name] !== undefined);
      if (needless !== undefined) throw usageError(`--${needless} is for --upstream.`);
      if (backup !== undefined && repair)
        throw usageError("--repair is for a state directory; a backup is not changed.");
      const { verifyAll, verifyBackup } = await import("../backup/backup-all.ts");
      const verified =
        backup === undefined
          ? await verifyAll(stateDirectory(state), repair)
          : { ...(await verifyBackup(resolve(backup))), repaired: [] };
      for (const { subject, fault } of verified.repaired) console.error(`Repaired: ${subject} ${fault}.`);
      reportVerified(verified, json, "Verified");
      return failWhereFaulty(verified.findings);
    });

/** Percent, with or without its sign. Throws a usage error. */
function percentOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const percent = Number(/^(\d+(?:\.\d+)?)%?$/.exec(text)?.[1] ?? NaN);
  if (percent > 0 && percent <= 100) return percent;
  throw usageError(`--sample ${text}: must be a number above 0, of at most 100, such as 5%.`);
}
