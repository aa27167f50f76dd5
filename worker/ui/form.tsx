import type { Child } from "hono/jsx";
import { SEAL_FIELD } from "../http/forms.ts";
import type { PagePlace } from "./layout.tsx";

interface FormProps {
  readonly place: Pick<PagePlace, "up" | "forms">;
  /** The path that it is sent to, below the server's root. A route of `TakeForm` takes it there. */
  readonly to: string;
  readonly class?: string;
  /** What it is for, where several forms of a page have the same buttons. */
  readonly label?: string | undefined;
  readonly children?: Child;
}

/** A form that changes something. It is worth one use, for the session that the page was made for; without one there is none. */
export const Form = ({ place: { up, forms }, to, label, children, ...more }: FormProps) =>
  forms ? (
    <form method="post" action={`${up}${to.slice(1)}`} class={more.class} aria-label={label}>
      <input type="hidden" name={SEAL_FIELD} value={forms.sealFor(to)} />
      {children}
    </form>
  ) : null;
