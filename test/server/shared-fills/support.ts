import { afterEach } from "vitest";
import { openRig, type Change, type MachineRig } from "./rig.ts";

/** Opens rigs that are closed after the test. */
export function testRig(): (change?: Change, vars?: Record<string, unknown>) => Promise<MachineRig> {
  const opened: MachineRig[] = [];
  afterEach(async () => {
    for (const rig of opened.splice(0)) await rig.close();
  });
  return async (change, vars) => {
    const rig = await openRig(change, vars);
    opened.push(rig);
    return rig;
  };
}
