import type { Child } from "hono/jsx";
import { may } from "../http/signed-in.ts";
import { minute } from "../pypi/minute.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { PagePlace } from "./layout.tsx";

/** How much a badge alarms. */
export type Tone = "good" | "warn" | "bad";

export const Badge = ({ tone, children }: { readonly tone?: Tone | undefined; readonly children?: Child }) => (
  <span class={tone === undefined ? "badge" : `badge ${tone}`}>{children}</span>
);

/** A command or a text for a file, with a button that copies it where scripts run. */
export const Command = ({ text, label }: { readonly text: string; readonly label: string }) => (
  <div class="command">
    <pre>
      <code>{text}</code>
    </pre>
    <button type="button" class="copy" aria-label={`Copy: ${label}`}>
      Copy
    </button>
  </div>
);

/** What names the region that is around a table: an element by its id, or a text. */
type RegionName = { readonly by: string } | { readonly label: string };

/** A wide table that is scrolled on its own, by the keyboard as well. */
export const Scrolled = (props: RegionName & { readonly children?: Child }) => (
  <div
    class="scroll"
    tabindex={0}
    role="region"
    {...("by" in props ? { "aria-labelledby": props.by } : { "aria-label": props.label })}
  >
    {props.children}
  </div>
);

/** The minute of a time in milliseconds since the epoch, in words. */
const minuteOf = (at: number) => `${minute(new Date(at).toISOString())} UTC`;

/** The day of a time in milliseconds since the epoch, which shows the minute when it is pointed at. */
export function Day({ at }: { readonly at: number }) {
  const iso = new Date(at).toISOString();
  return (
    <time datetime={iso} title={minuteOf(at)}>
      {iso.slice(0, 10)}
    </time>
  );
}

/** A time in milliseconds since the epoch, to the minute: of one file or release, which may be of a moment ago. */
export const Minute = ({ at }: { readonly at: number }) => (
  <time datetime={new Date(at).toISOString()}>{minuteOf(at)}</time>
);

interface UploadedByProps {
  readonly place: Pick<PagePlace, "name" | "up" | "who">;
  readonly project: ProjectName;
  readonly name: string;
}

/** Who uploaded something of a project: for those who administer the index a link to all that was written of the project. */
export const UploadedBy = ({ place: { name: index, up, who }, project, name }: UploadedByProps) =>
  who && may(who, { scope: "admin", index }) ? <a href={`${up}-/audit?project=${project}`}>{name}</a> : <>{name}</>;
