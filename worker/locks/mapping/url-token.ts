/** A URL in a file's text, found by the format's quoting alone. */
export interface UrlToken {
  readonly start: number;
  readonly end: number;
  readonly url: string;
  /** The index, URL or path, that the file names for the package which this URL is part of; undefined where it names none. */
  readonly index?: string | undefined;
  /** That package's name, where the file says it beside the URL. */
  readonly name?: string | undefined;
  /** Tells the file's packages apart: a name may have several, each with files of its own. */
  readonly package?: number | undefined;
}

/** Finds the URLs of a text in their order. Comments that a person wrote are passed over, those of the tools are not. */
export type Scanner = (text: string) => UrlToken[];

export const isUrl = (text: string) => /^https?:\/\//i.test(text);
