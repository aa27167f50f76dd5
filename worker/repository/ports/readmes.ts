/** Descriptions that were rendered, for all isolates of a data centre. Neither method rejects: a description can be rendered again. */
export interface Readmes {
  /** @param key identifies the text and how it was rendered */
  get(key: string, now: number): Promise<string | undefined>;
  put(key: string, html: string): Promise<void>;
}
