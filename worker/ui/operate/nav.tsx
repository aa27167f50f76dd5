import { may, type SignedIn } from "../../http/signed-in.ts";
import type { PagePlace } from "../layout.tsx";

/** The pages below `/-/`, by their path there. */
const PAGES = {
  "": "Dashboard",
  audit: "Audit log",
  exemptions: "Exemptions",
  jobs: "Jobs",
  tokens: "Tokens",
} as const;

/** Those for admins of every index alone. */
const OF_THE_SERVER: ReadonlySet<string> = new Set(["", "jobs"]);

interface NavProps {
  readonly place: Pick<PagePlace, "up">;
  readonly here: keyof typeof PAGES;
  /** Who looks at it, where that need not be an admin of every index. */
  readonly who?: SignedIn;
}

/** Leads from one page of those who operate the server to the others. */
export const OperateNav = ({ place, here, who }: NavProps) => (
  <nav aria-label="Operate" class="badges">
    {Object.entries(PAGES)
      .filter(([path]) => !who || !OF_THE_SERVER.has(path) || may(who, { scope: "admin", index: "*" }))
      .map(([path, title]) => (
        <a class="badge" href={`${place.up}-/${path}`} aria-current={path === here ? "page" : undefined}>
          {title}
        </a>
      ))}
  </nav>
);
