import { headersOf } from "./headers.ts";
import { parseRequirement } from "./requirement.ts";
import { printable } from "./text.ts";
import type { ProjectName } from "./name.ts";

/** What a person is told of a release, from its core metadata. All texts are one line each and have no hidden characters. */
export interface ProjectMetadata {
  /** The project's name as its authors write it. */
  readonly name: string | undefined;
  readonly summary: string | undefined;
  readonly license: string | undefined;
  readonly requiresPython: string | undefined;
  /** Authors first, then maintainers. */
  readonly people: readonly string[];
  /** With `http:` and `https:` only. */
  readonly links: readonly { readonly label: string; readonly url: string }[];
  readonly extras: readonly string[];
  readonly requirements: readonly ShownRequirement[];
  /** Whether a file that is built from this one may require more (PEP 643). */
  readonly mayRequireMore: boolean;
  readonly description: Description | undefined;
}

/** A requirement as it is shown. */
export interface ShownRequirement {
  /** undefined: it cannot be read. */
  readonly project: ProjectName | undefined;
  /** The whole requirement as written, or what follows the name and a marker. */
  readonly rest: string;
  /** After the semicolon; empty: it always holds. */
  readonly marker: string;
}

/** The long description, as written. */
export interface Description {
  readonly text: string;
  readonly kind: "markdown" | "plain";
}

/** More of each than any real project has. */
const MAX_LIST = 500;
const MAX_LINE = 600;

/** Reads the core metadata of a file (PEP 566, 639, 643) for people. Whatever cannot be read is left out. */
export function readProjectMetadata(bytes: Uint8Array): ProjectMetadata {
  const text = new TextDecoder().decode(bytes);
  const headers = headersOf(text);
  const all = (field: string) => (headers.get(field) ?? []).slice(0, MAX_LIST).map(oneLine).filter(isSaid);
  const one = (field: string) => all(field)[0];
  const names = (field: string) => all(`${field}-email`).map(withoutAddress).concat(all(field));
  return {
    name: one("name"),
    summary: one("summary"),
    license: one("license-expression") ?? shortLicense(one("license"), all("classifier")),
    requiresPython: one("requires-python"),
    people: [...new Set([...names("author"), ...names("maintainer")].filter(isSaid))],
    links: [...all("project-url"), ...all("home-page").map((url) => `Homepage, ${url}`)]
      .flatMap(linkOf)
      .filter(isFirst),
    extras: [...new Set(all("provides-extra"))],
    requirements: all("requires-dist").map(shownRequirement),
    mayRequireMore:
      /^(?:1\.|2\.[01]$)/.test(one("metadata-version") ?? "1.0") ||
      all("dynamic").some((field) => /^requires-dist$/i.test(field)),
    description: descriptionOf(text, headers),
  };
}

const oneLine = (value: string) => printable(value.slice(0, MAX_LINE)).replace(/\s+/g, " ").trim();

const isSaid = (value: string) => value !== "" && value.toUpperCase() !== "UNKNOWN";

/** `A <a@b.example>` without the address, which is there for people to write to and for others to collect. */
const withoutAddress = (value: string) =>
  value
    .replace(/<[^<>]*>/g, "")
    .split(/\s/)
    .filter((word) => !word.includes("@"))
    .join(" ")
    .replace(/^["\s,]+|(?<!["\s,])["\s,]+$/g, "");

/** The field `License` may have the whole text of a licence; classifiers have its name. */
function shortLicense(license: string | undefined, classifiers: readonly string[]): string | undefined {
  if (license !== undefined && license.length <= 80) return license;
  const named = classifiers.filter((each) => each.startsWith("License ::"));
  return named.map((each) => each.slice(each.lastIndexOf("::") + 2).trim()).join(", ") || undefined;
}

function linkOf(value: string): { label: string; url: string }[] {
  const cut = value.indexOf(",");
  const url = URL.parse(value.slice(cut + 1).trim());
  if (cut <= 0 || !url || !/^https?:$/.test(url.protocol) || url.username + url.password !== "") return [];
  return [{ label: value.slice(0, cut).trim().slice(0, 60), url: url.href }];
}

function isFirst({ url }: { readonly url: string }, at: number, all: readonly { readonly url: string }[]): boolean {
  return all.findIndex((other) => other.url === url) === at;
}

function shownRequirement(value: string): ShownRequirement {
  const requirement = parseRequirement(value);
  if (!requirement) return { project: undefined, rest: value, marker: "" };
  // A semicolon may be a part of an address.
  const cut = value.search(requirement.url === undefined ? /;/ : /\s;/);
  const [required, marker] = cut === -1 ? [value, ""] : [value.slice(0, cut), value.slice(cut).replace(/^\s*;/, "")];
  const rest = required.trim().replace(/^[\w.-]+\s*/, "");
  return { project: requirement.name, rest: rest.replace(/^\((.*)\)$/, "$1"), marker: marker.trim() };
}

function descriptionOf(text: string, headers: ReturnType<typeof headersOf>): Description | undefined {
  const [type = ""] = headers.get("description-content-type") ?? [];
  const [, body = ""] = /\r?\n\r?\n([^]*)/.exec(text) ?? [];
  // Before metadata version 2.1 it is a field, whose lines are indented.
  const [field = ""] = headers.get("description") ?? [];
  const description = (body.trim() === "" ? field.replace(/\n(?: {7}\||\t| {1,8})/g, "\n") : body).trim();
  if (description === "" || description === "UNKNOWN") return undefined;
  return { text: description, kind: /^text\/markdown\b/i.test(type) ? "markdown" : "plain" };
}
