/** Sets rows under a header: text to the left, columns of numbers to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = header.map((title, index) => {
    const cells = rows.map((row) => row[index] ?? "");
    const width = Math.max(title.length, ...cells.map((cell) => cell.length));
    const numeric = cells.every((cell) => /^[\d.]+$/.test(cell));
    return { width, numeric };
  });
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ width, numeric }, index) => {
        const cell = cells[index] ?? "";
        return numeric ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("   ")
      .trimEnd();
  const rule = columns.map(({ width }) => "─".repeat(width)).join("───");
  return [line(header), rule, ...rows.map(line)].join("\n");
}
