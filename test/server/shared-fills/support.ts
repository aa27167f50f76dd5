import { afterEach } from "vitest";
import type { Platform } from "../../../worker/platform/platform.ts";
import { openRig, type MachineRig } from "./rig.ts";

/** Opens rigs that are closed after the test. */
export function testRig(): (changed?: Partial<Platform>) => Promise<MachineRig> {
  const opened: MachineRig[] = [];
  afterEach(async () => {
    for (const rig of opened.splice(0)) await rig.close();
  });
  return async (changed) => {
    const rig = await openRig(changed);
    opened.push(rig);
    return rig;
  };
}
