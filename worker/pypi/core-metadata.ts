import type { Filename } from "./filename.ts";
import { asProjectName, type ProjectName } from "./name.ts";
import { versionOf } from "./version.ts";

/** Whether bytes read as the core metadata of a wheel of `project`: an answer to a question that was only tried may be anything. */
export function isCoreMetadata(bytes: Uint8Array, wheel: Filename, project: ProjectName): boolean {
  const [headers = ""] = new TextDecoder().decode(bytes).split(/\r?\n\r?\n/, 1);
  const name = /^Name:[ \t]*(\S+)/im.exec(headers)?.[1];
  const version = /^Version:[ \t]*(\S+)/im.exec(headers)?.[1];
  const named = versionOf(wheel, project);
  if (!/^Metadata-Version:/im.test(headers) || !name || !version || !named) return false;
  return asProjectName(name) === project && escaped(version) === escaped(named);
}

/** A version as wheels' names have it (PEP 427): older tools put `_` for a hyphen and for what else is not of a word. */
const escaped = (version: string) => version.toLowerCase().replace(/[^\w.]+/g, "_");
