import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { auditCommand } from "./commands/audit.ts";
import { backupCommand, restoreCommand } from "./commands/backup.ts";
import { checkCommand } from "./commands/check.ts";
import { carryOverCommand } from "./commands/carry-over.ts";
import { costCommand } from "./commands/cost.ts";
import { deployCommand } from "./commands/deploy.ts";
import { demoCommand } from "./commands/demo.ts";
import { exemptCommand } from "./commands/exempt.ts";
import { exportCommand } from "./commands/export.ts";
import { importCommand } from "./commands/import.ts";
import { initCommand } from "./commands/init.ts";
import { jobsCommand } from "./commands/jobs.ts";
import { lockCommand } from "./commands/lock.ts";
import { loginCommand, logoutCommand } from "./commands/login.ts";
import { migrateCommand } from "./commands/migrate.ts";
import { mirrorCommand } from "./commands/mirror.ts";
import { moveInCommand, moveOutCommand } from "./commands/move.ts";
import { notifyCommand } from "./commands/notify.ts";
import { osvCommand } from "./commands/osv.ts";
import { policyCommand } from "./commands/policy.ts";
import { patchCommand } from "./commands/patch.ts";
import { forksCommand } from "./commands/forks.ts";
import { provenanceCommand } from "./commands/provenance.ts";
import { releaseCommand } from "./commands/release.ts";
import { tokenCommand } from "./commands/token.ts";
import { trustedRootCommand } from "./commands/trusted-root.ts";
import { uploadCommand } from "./commands/upload.ts";
import { verifyCommand } from "./commands/verify.ts";
import { warmCommand } from "./commands/warm.ts";
import { whyCommand } from "./commands/why.ts";
import { wheelhouseCommand } from "./commands/wheelhouse.ts";
import { command } from "./lib/command.ts";
import { serveCommand } from "./serve/options.ts";

/** `pypi-edge` with all its commands, in the order in which its help lists them. */
export function program(version: string): CommandUnknownOpts {
  const made = command("", "A PyPI cache and private package index.").version(version, "--version");
  const commands: readonly CommandUnknownOpts[] = [
    // The server's code takes a moment to load: only `serve` loads it.
    serveCommand(async (options) => (await import("./serve/start.ts")).start(options)),
    demoCommand(),
    initCommand(version),
    loginCommand(),
    logoutCommand(),
    tokenCommand(),
    uploadCommand(),
    migrateCommand(),
    releaseCommand(),
    patchCommand(),
    forksCommand(),
    auditCommand(),
    whyCommand(),
    provenanceCommand(),
    trustedRootCommand(),
    exemptCommand(),
    policyCommand(),
    osvCommand(),
    notifyCommand(),
    warmCommand(),
    wheelhouseCommand(),
    mirrorCommand(),
    lockCommand(),
    exportCommand(),
    importCommand(),
    jobsCommand(),
    backupCommand(),
    restoreCommand(),
    verifyCommand(),
    deployCommand(),
    checkCommand(),
    moveOutCommand(),
    moveInCommand(),
    costCommand(),
    carryOverCommand(),
  ];
  for (const each of commands) made.addCommand(each);
  return made;
}
