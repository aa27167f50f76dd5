import { existsSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { requestIdentity } from "./identity.ts";
import { keptLocks, lockBytes, type KeptLock } from "./locks.ts";
import { annotate, input, kept, runAction, say } from "./runner.ts";
import { addressesOf, burnToken, exchangeToken, mapLock, type Server } from "./server.ts";

await runAction(async () => {
  const { root, base } = addressesOf(input("url"), input("index"));
  const minted = kept("minted");
  let fresh = "";
  try {
    for (const lock of keptLocks()) {
      await restore(lock, async () => {
        // The first token lives for a quarter of an hour, and the job may have taken longer.
        if (minted !== "" && fresh === "" && requestIdentity) fresh = await exchangeToken(root, requestIdentity);
        return { root, base, token: fresh || input("token") };
      });
    }
  } finally {
    for (const token of [minted, fresh]) {
      if (token !== "") await burnToken(root, token).catch((error: unknown) => annotate("notice", String(error)));
    }
  }
});

/** Puts a lock file back as it was; where the job has changed it, with the upstream's URLs. */
async function restore({ path, original, local }: KeptLock, server: () => Promise<Server>): Promise<void> {
  if (!existsSync(path)) return;
  const now = lockBytes(path);
  const isUnchanged = Buffer.from(now).equals(local);
  writeFileSync(path, isUnchanged ? original : await mapLock(await server(), "canonical", basename(path), now));
  say(`${path}: ${isUnchanged ? "as it was" : "changed by the job, and mapped back to the upstream's URLs"}.`);
}
