import type { ProjectName } from "./name.ts";

/** The tag of all answers about a project at the edge, by which they are purged. */
export const cacheTag = (name: ProjectName) => `project-${name}`;
