/** What a page calls a source: its host, or what it is where it has none. */
export const sourceText = ({ kind, name, url }: ShownSource): string =>
  kind === "offline" ? `what was carried here (${name})` : url.host;

export interface ShownSource {
  readonly kind: string;
  readonly name: string;
  readonly url: URL;
}
