import { asProjectName, type ProjectName } from "./name.ts";

/** Whether bytes read as a project's core metadata: an answer to a question that was only tried may be anything. */
export function isCoreMetadata(bytes: Uint8Array, project: ProjectName): boolean {
  const [headers = ""] = new TextDecoder().decode(bytes).split(/\r?\n\r?\n/, 1);
  const name = /^Name:[ \t]*(\S+)/im.exec(headers)?.[1];
  return /^Metadata-Version:/im.test(headers) && name !== undefined && asProjectName(name) === project;
}
