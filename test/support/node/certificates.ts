import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CertificateFiles } from "../../../server/http/certificate.ts";

/** An authority for tests, made with openssl. */
export class Authority {
  /** Where all files of it are. */
  readonly folder = mkdtempSync(join(tmpdir(), "pypi-edge-certificates-"));
  /** The file of its own certificate. */
  readonly file = join(this.folder, "authority.pem");
  readonly #key = join(this.folder, "authority.key");
  #made = 0;

  constructor() {
    const usage = ["-addext", "keyUsage=critical,keyCertSign", "-addext", "basicConstraints=critical,CA:TRUE"];
    this.#openssl(
      "req",
      "-x509",
      ...NEW_KEY,
      this.#key,
      "-subj",
      "/CN=Tests",
      "-days",
      "2",
      ...usage,
      "-out",
      this.file,
    );
  }

  /**
   * A new certificate and its key.
   *
   * @param names as openssl writes them: `DNS:localhost,IP:127.0.0.1`
   * @param days how long it is valid; -1: it has expired
   */
  issue(names: string, days = 2): CertificateFiles {
    this.#made += 1;
    const [cert, key, request] = ["pem", "key", "csr"].map((kind) => join(this.folder, `${this.#made}.${kind}`));
    if (!cert || !key || !request) throw new Error("There are three files.");
    this.#openssl("req", ...NEW_KEY, key, "-subj", "/CN=test", "-addext", `subjectAltName=${names}`, "-out", request);
    const authority = ["-CA", this.file, "-CAkey", this.#key, "-copy_extensions", "copy"];
    this.#openssl("x509", "-req", "-in", request, ...authority, "-days", `${days}`, "-out", cert);
    return { cert, key };
  }

  #openssl(...args: string[]): void {
    execFileSync("openssl", args, { stdio: "pipe" });
  }
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout"];

/** Whether openssl is in the path, in a version that copies extensions (3). */
export function hasOpenssl(): boolean {
  try {
    return /^OpenSSL [3-9]/.test(execFileSync("openssl", ["version"], { encoding: "utf8" }));
  } catch {
    return false;
  }
}
