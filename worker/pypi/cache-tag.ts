import type { ProjectName } from "./name.ts";

/** The tag that all answers of a project carry at the edge. */
export const cacheTag = (name: ProjectName) => `project-${name}`;
