/** The query of a request about the mirror of a source; empty where none is named. */
export const sourceQuery = (source: string | undefined) =>
  source === undefined ? "" : `?${new URLSearchParams({ source })}`;
