import type { Child } from "hono/jsx";

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

/** The day of a time in milliseconds since the epoch, which shows the minute when it is pointed at. */
export function Day({ at }: { readonly at: number }) {
  const iso = new Date(at).toISOString();
  return (
    <time datetime={iso} title={`${iso.slice(0, 16).replace("T", " ")} UTC`}>
      {iso.slice(0, 10)}
    </time>
  );
}
