import type { AccountAccess } from "./cloudflare-api.ts";
import type { Upload } from "./upload.ts";

/** What a deployment is done with; tests have others. */
export interface DeployTools {
  readonly credentials: AccountAccess;
  readonly upload: (upload: Upload, credentials: AccountAccess) => Promise<void>;
  /** Waits until the deployment answers, and tries it. */
  readonly check: (root: URL) => Promise<void>;
  /** Takes a line of the result. */
  readonly print: (line: string) => void;
  /** Takes a remark. */
  readonly remark: (line: string) => void;
  /** Has the secrets. */
  readonly env: NodeJS.ProcessEnv;
}
