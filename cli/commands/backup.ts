import { resolve } from "node:path";
import { FINDINGS, type StorageFault, type Verified } from "../../server/backup/findings.ts";
import { sizeText } from "../../worker/pypi/size-text.ts";
import { command } from "../lib/command.ts";
import { CommandError } from "../lib/command-error.ts";
import { stateDirectory } from "../lib/state.ts";
import { table } from "../lib/table.ts";

/** `pypi-edge backup`: writes uploads, tokens and the audit log into a folder or a tarball, while the server runs. */
export const backupCommand = () =>
  command(
    "backup",
    "write all uploads, tokens and the audit log of this machine into a backup, while the server runs",
    [
      ["pypi-edge backup /mnt/backups/2026-11-29.tar", "a tarball; every other name is a folder's"],
      ["pypi-edge backup --mirror /mnt/backups/all", "mirrored files, pages and documents as well"],
    ],
  )
    .argument(
      "<target>",
      "a folder or a tarball (.tar) that does not exist yet; a run that was broken off is gone on with",
    )
    .option("--state <dir>", "the state directory of the pypi-edge on this machine (PYPI_EDGE_STATE)")
    .option("--mirror", "also what can be fetched again: mirrored files, pages and documents")
    .option("--json", "print the result as JSON")
    .action(async (target, { state, mirror, json }) => {
      // The server's code takes a moment to load.
      const { backUpAll } = await import("../backup/backup-all.ts");
      const verified = await backUpAll(stateDirectory(state), resolve(target), mirror === true);
      reportVerified(verified, json, `Written into ${target} and read again`);
      failWhereFaulty(verified.findings, `${target} has all else. Mend this, and make another backup.`);
    });

/** `pypi-edge restore`: makes a new state directory of a backup. */
export const restoreCommand = () =>
  command("restore", "make a new state directory of a backup", [
    ["pypi-edge restore /mnt/backups/2026-11-29.tar --state .pypi-edge", "only reads the backup; a second run goes on"],
  ])
    .argument("<backup>", "the folder or the tarball that backup was given")
    .requiredOption("--state <dir>", "the new state directory: one that does not exist yet, or is empty")
    .option("--json", "print the result as JSON")
    .action(async (backup, { state, json }) => {
      const { restoreAll } = await import("../backup/backup-all.ts");
      const verified = await restoreAll(resolve(backup), resolve(state));
      reportVerified(verified, json, `Restored in ${state} and read again`);
      failWhereFaulty(verified.findings, `${state} has all else.`);
    });

export function reportVerified(verified: Verified, json: boolean | undefined, what: string): void {
  if (json) return console.log(JSON.stringify(verified));
  const { hosted, objects, bytes: size, values, findings } = verified;
  console.log(
    `${what}: hosted files (${hosted}), all files (${objects}, ${sizeText(size)}), pages and documents (${values}).`,
  );
  if (findings.length > 0)
    console.log(
      table(
        ["kind", "what"],
        findings.map(({ kind, subject, fault }) => [kind, `${subject} ${fault}`]),
      ),
    );
}

/** Objects without a row are what refused uploads leave for a while: they are shown, and are no failure. */
export function failWhereFaulty(findings: readonly StorageFault[], advice = ""): void {
  const kinds = new Set(findings.map(({ kind }) => kind).filter((kind) => kind !== "hosted-without-row"));
  if (kinds.size === 0) return;
  const lines = [...kinds].map((kind) => `${kind}: ${FINDINGS[kind]}`);
  throw new CommandError([...lines, ...(advice === "" ? [] : [advice])].join("\n"));
}
