const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/** Bytes as a person reads them; a kilobyte has 1,000, as in the quota. */
export function amount(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  return `${(bytes / 1_000 ** power).toLocaleString("en", { maximumFractionDigits: 1 })} ${UNITS[power]}`;
}
