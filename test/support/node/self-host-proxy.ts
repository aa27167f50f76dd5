/** The settings for a proxy that docs/self-host.md gives, so that what is tried is what is documented. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT_FOLDER } from "../../../cli/lib/project-folder.ts";
import type { CertificateFiles } from "../../../server/http/certificate.ts";

interface Places {
  /** The server's Unix socket. */
  readonly socket: string;
  /** What nginx listens on: the words of `listen`. */
  readonly listen: string;
  /** Paths of its certificate and key; undefined: it speaks plain http. */
  readonly certificate: CertificateFiles | undefined;
}

interface CaddyPlaces extends Pick<Places, "socket"> {
  /** Where Caddy listens, at 127.0.0.1. */
  readonly port: number;
  /** In the place of the one that Caddy has made for the name. */
  readonly certificate: CertificateFiles;
}

/** The settings for a proxy, as the page has them. */
function documentedProxy(language: "nginx" | "caddyfile"): string {
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

/** Those for Caddy, with places of the caller's own. Throws where the page has others. */
export function documentedCaddy({ socket, port, certificate: { cert, key } }: CaddyPlaces): string {
  const settings = documentedProxy("caddyfile")
    .replace(/^pypi\.example\.com \{/m, `https://pypi.example.com:${port} {\n  bind 127.0.0.1\n  tls ${cert} ${key}`)
    .replace("/run/pypi-edge/http.sock", socket);
  if (settings.includes("/run/") || !settings.includes(`:${port} {`) || !settings.includes(socket))
    throw new Error("docs/self-host.md has other settings for Caddy.");
  return settings;
}
