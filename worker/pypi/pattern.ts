import type { ProjectName } from "./name.ts";

/**
 * A function that tells whether a name matches `pattern`: a project's name in any spelling, in which `*` stands for any characters.
 * Patterns also come from tokens, so they are not made into regular expressions: a crafted one could take exponential time.
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

/** Whether `pattern` matches every name that `narrower` matches. */
export const coversPattern = (pattern: string, narrower: string): boolean =>
  // `narrower` is matched as a text: only a "*" in `pattern` matches a "*" in it.
  matcher(pattern)(normalised(narrower) as ProjectName);

const normalised = (pattern: string) => pattern.toLowerCase().replace(/[-_.]+/g, "-");
