import type { ProjectName } from "./name.ts";

/**
 * Whether a name is one that `pattern` means: a project's name as anybody spells it, in which `*` stands for any characters.
 * Patterns are also what people put into tokens: no pattern may take longer than its length, as an expression would.
 */
export function matcher(pattern: string): (name: ProjectName) => boolean {
  const [first = "", ...others] = normalised(pattern).split("*");
  const last = others.pop();
  if (last === undefined) return (name) => name === first;
  return (name) => {
    const end = name.length - last.length;
    if (!name.startsWith(first) || !name.endsWith(last)) return false;
    let at = first.length;
    for (const part of others) {
      const found = name.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= end;
  };
}

/** Whether `pattern` means every name that `narrower` means. */
export const includes = (pattern: string, narrower: string): boolean =>
  // Its "*" is a character that only a "*" can match.
  matcher(pattern)(normalised(narrower) as ProjectName);

const normalised = (pattern: string) => pattern.toLowerCase().replace(/[-_.]+/g, "-");
