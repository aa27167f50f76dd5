/** What a token lets its holder do with an index; `admin` includes all others. */
export const SCOPES = ["read", "upload", "yank", "admin"] as const;
export type Scope = (typeof SCOPES)[number];
