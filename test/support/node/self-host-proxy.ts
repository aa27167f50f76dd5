/** The settings for a proxy that docs/self-host.md gives, so that what is tried is what is documented. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT_FOLDER } from "../../../cli/lib/project-folder.ts";

interface Places {
  /** The server's Unix socket. */
  readonly socket: string;
  /** What nginx listens on: the words of `listen`. */
  readonly listen: string;
  /** Paths of its certificate and key; undefined: it speaks plain http. */
  readonly certificate: { readonly cert: string; readonly key: string } | undefined;
}

/** The settings for a proxy, as the page has them. */
export function documentedProxy(language: "nginx" | "caddyfile"): string {
  const page = readFileSync(join(PROJECT_FOLDER, "docs", "self-host.md"), "utf8");
  const [, block = ""] = page.split(`\`\`\`${language}\n`);
  return block.split("```", 1)[0] ?? "";
}

/** Those for nginx, with places of the caller's own. Throws where a place of the page is left in them. */
export function documentedNginx({ socket, listen, certificate }: Places): string {
  const block = documentedProxy("nginx")
    .replace("unix:/run/pypi-edge/http.sock", `unix:${socket}`)
    .replace("listen 443 ssl;", `listen ${listen};`);
  const settings = certificate
    ? block
        .replace("/etc/ssl/pypi.example.com.pem", certificate.cert)
        .replace("/etc/ssl/pypi.example.com.key", certificate.key)
    : block.replaceAll(/^ *ssl_certificate.*\n/gm, "");
  const left = /\/run\/|\/etc\/| 443/.exec(settings);
  if (left || !settings.includes(socket)) throw new Error(`docs/self-host.md has other settings for nginx: ${left}`);
  return settings;
}
