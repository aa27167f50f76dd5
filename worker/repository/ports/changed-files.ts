import type { ProjectName } from "../../pypi/name.ts";
import type { Context } from "../context.ts";

/** What an upstream has done to a file that is stored, and what was done about it here. */
export interface ChangedFile {
  readonly project: ProjectName;
  readonly filename: string;
  readonly change: "removed" | "changed";
  readonly done: "keep" | "hide" | "drop";
}

/** Writes an audit entry of it, behind the answer. */
export type NoteChangedFile = (file: ChangedFile, ctx: Context) => void;
