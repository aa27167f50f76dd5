/** Indexes that anyone may read: one with what is hosted beside the upstream's, one to promote to, and one whose files may be replaced. */
export const OPEN_INDEXES = {
  default: { sources: ["pypi"] },
  team: { sources: ["default"], hosted: true, read: "anyone" },
  prod: { sources: [], hosted: true, read: "anyone" },
  scratch: { sources: [], hosted: true, read: "anyone", volatile: true },
} as const;
