const known = new Map<string, readonly number[]>();

/** The numbers of a statement's parameters (`?1`, `?2`, …), each once; none where they are all `?`. */
export function parameterNumbers(sql: string): readonly number[] {
  const found = known.get(sql);
  if (found) return found;
  const numbers = [...new Set(Array.from(sql.matchAll(/\?(\d+)/g), ([, number]) => Number(number)))];
  known.set(sql, numbers);
  return numbers;
}
