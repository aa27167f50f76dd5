import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { complaints } from "../../schema/complaints.ts";
import { scenario, type Scenario } from "../../schema/scenario.ts";
import { CommandError } from "../lib/command-error.ts";
import { parsedToml } from "../lib/configuration-file.ts";
import { fileErrorText } from "../../server/file-errors.ts";
import { PROJECT_FOLDER } from "../lib/project-folder.ts";

/** The scenarios that come with pypi-edge, in the order in which docs/cost.md has them. */
export const SCENARIOS = ["small-team", "team-of-50", "runners", "public", "strangers"] as const;

const isShipped = (name: string) => (SCENARIOS as readonly string[]).includes(name);

/**
 * Reads a scenario: one that comes with pypi-edge by its name, or a file.
 *
 * @throws CommandError where the file cannot be read, or is no scenario; it names each wrong key
 */
export async function readScenario(name: string): Promise<Scenario> {
  const path = isShipped(name) ? join(PROJECT_FOLDER, "schema", "scenarios", `${name}.toml`) : name;
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new CommandError(
      `${name}: ${fileErrorText(error)}. Scenarios that come with pypi-edge: ${SCENARIOS.join(", ")}.`,
    );
  });
  const value = parsedToml(bytes, name);
  if (Object.keys(value).length === 0) {
    throw new CommandError(`${name} is empty. Begin with a copy of a file in schema/scenarios.`);
  }
  const parsed = scenario.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new CommandError(`${name} is no scenario: ${complaints(parsed.error).join("; ")}.`);
}
