import type { FileRule } from "./file-rule.ts";

/** An entry of a policy's lists, which are kept beside the configuration and changed while the server runs. */
export interface PolicyEntry {
  readonly id: string;
  /** What it does with the files that it names. */
  readonly kind: "allow" | "deny" | "exemption";
  readonly rule: FileRule;
  readonly reason: string;
  /** Of an exemption: the only advisory that it is from. */
  readonly advisory?: string | undefined;
  /** When it ends. Milliseconds since the epoch; undefined: never. */
  readonly until?: number | undefined;
}
