import { RULES, type Mode, type RuleName } from "../../worker/policy/policy.ts";

/** The modes of a policy whose other rules are all off. */
export const modesOf = (on: Partial<Record<RuleName, Mode>>): Record<RuleName, Mode> => ({
  ...(Object.fromEntries(RULES.map((rule) => [rule, "off"])) as Record<RuleName, "off">),
  ...on,
});
