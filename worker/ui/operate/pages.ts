import { POLICY_ADMIN_SOMEWHERE } from "../../http/policy-entry-actions.ts";
import { may, type SignedIn } from "../../http/signed-in.ts";
import { TOKEN_ADMIN_SOMEWHERE } from "../../http/token-actions.ts";

const WHOLE_SERVER = { scope: "admin", index: "*" } as const;

/** The pages below `/-/` by their path there, with what each takes to be opened. */
const OPERATE_PAGES = {
  "": { title: "Dashboard", takes: WHOLE_SERVER },
  audit: { title: "Audit log", takes: POLICY_ADMIN_SOMEWHERE },
  exemptions: { title: "Exemptions", takes: POLICY_ADMIN_SOMEWHERE },
  jobs: { title: "Jobs", takes: WHOLE_SERVER },
  tokens: { title: "Tokens", takes: TOKEN_ADMIN_SOMEWHERE },
} as const;

export type OperatePath = keyof typeof OPERATE_PAGES;

/** The pages that somebody may open. */
export const operatePagesFor = (who: SignedIn): readonly { readonly path: OperatePath; readonly title: string }[] =>
  (Object.keys(OPERATE_PAGES) as OperatePath[])
    .filter((path) => may(who, OPERATE_PAGES[path].takes))
    .map((path) => ({ path, title: OPERATE_PAGES[path].title }));
