import { canonical } from "./lock/canonical.ts";
import { readLock, writeLock } from "./lock/file.ts";
import { local } from "./lock/local.ts";
import { readOptions, USAGE, type LockOptions } from "./lock/options.ts";
import type { Plan } from "./lock/plan.ts";
import { runCommand, Sentence } from "./sentence.ts";

/**
 * `npm run lock`: maps the URLs in lock files between pypi-edge's and the upstream's. Every file is read and mapped before
 * the first is written: where one cannot be, none is changed.
 */
async function lock(options: LockOptions): Promise<void> {
  const plans: Plan[] = [];
  const refusals: string[] = [];
  for (const name of options.files) {
    try {
      const file = await readLock(name);
      plans.push(options.direction === "canonical" ? canonical(file, options) : local(file, options));
    } catch (error) {
      if (!(error instanceof Sentence)) throw error;
      refusals.push(error.message);
    }
  }
  if (refusals.length > 0) throw new Sentence([...refusals, "Nothing was changed."].join("\n"));
  for (const { file, text, summary } of plans) {
    if (text !== file.text) await writeLock(file, text);
    console.log(summary);
  }
}

await runCommand(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") console.log(USAGE);
  else await lock(options);
});
