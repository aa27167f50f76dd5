import type { ProjectName } from "./name.ts";

/** Whether a name is one that `pattern` means: a project's name as anybody spells it, in which `*` stands for any characters. */
export function matcher(pattern: string): (name: ProjectName) => boolean {
  const normalised = pattern.toLowerCase().replace(/[-_.]+/g, "-");
  const expression = new RegExp(`^${normalised.replaceAll("*", ".*")}$`);
  return (name) => expression.test(name);
}
