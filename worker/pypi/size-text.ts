const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** A number of bytes for a person: `12.3 MB`. A kilobyte has 1,000 bytes. */
export function sizeText(count: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), UNITS.length - 1);
  return `${power === 0 ? count : (count / 1_000 ** power).toFixed(1)} ${UNITS[power]}`;
}
