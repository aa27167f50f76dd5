import type { PagePlace } from "../layout.tsx";

/** The pages below `/-/`, by their path there. */
const PAGES = {
  "": "Dashboard",
  audit: "Audit log",
  exemptions: "Exemptions",
  jobs: "Jobs",
  tokens: "Tokens",
} as const;

interface NavProps {
  readonly place: Pick<PagePlace, "up">;
  readonly here: keyof typeof PAGES;
}

/** Leads from one page of those who operate the server to the others. */
export const OperateNav = ({ place, here }: NavProps) => (
  <nav aria-label="Operate" class="badges">
    {Object.entries(PAGES).map(([path, title]) => (
      <a class="badge" href={`${place.up}-/${path}`} aria-current={path === here ? "page" : undefined}>
        {title}
      </a>
    ))}
  </nav>
);
