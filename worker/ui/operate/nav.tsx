import type { SignedIn } from "../../http/signed-in.ts";
import type { PagePlace } from "../layout.tsx";
import { operatePagesFor, type OperatePath } from "./pages.ts";

interface NavProps {
  readonly place: Pick<PagePlace, "up">;
  readonly here: OperatePath;
  /** Who looks at it. */
  readonly who: SignedIn;
}

/** Leads from one page of those who operate the server to the others that they may open. */
export const OperateNav = ({ place, here, who }: NavProps) => (
  <nav aria-label="Operate" class="badges">
    {operatePagesFor(who).map(({ path, title }) => (
      <a class="badge" href={`${place.up}-/${path}`} aria-current={path === here ? "page" : undefined}>
        {title}
      </a>
    ))}
  </nav>
);
