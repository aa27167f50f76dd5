import { builtCommands, builtServer } from "../../cli/build/build.ts";

/** Runs once before the tests of commands. Test files side by side would each build what they start. */
export default async function setup(): Promise<void> {
  await Promise.all([builtServer(), builtCommands()]);
}
