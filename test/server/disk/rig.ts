import { mkdirSync } from "node:fs";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { MIGRATIONS } from "../../../cli/lib/project-folder.ts";
import { parseConfig } from "../../../schema/config.ts";
import { serve } from "../../../server/serve.ts";
import { uploadFields } from "../../support/upload-fields.ts";
import { Origin } from "../shared-fills/origin.ts";

const ADMIN = "the-admin-of-the-disk-tests";

export type DiskRig = Awaited<ReturnType<typeof openDiskRig>>;

/** A server over a state directory, in front of an upstream on loopback. It can be stopped and started again. */
export async function openDiskRig(state: string) {
  const origin = new Origin();
  await origin.start();
  mkdirSync(state, { recursive: true });
  const start = () => serve(optionsOf(state, origin));
  let server: Awaited<ReturnType<typeof start>> | undefined = await start();
  let token = "";

  async function ask(path: string, init: RequestInit = {}) {
    const answer = await fetch(`http://127.0.0.1:${server?.port}${path}`, init);
    return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
  }

  const stop = async () => {
    await server?.stop();
    server = undefined;
  };

  return {
    origin,
    ask,
    stop,
    start: async () => void (server = await start()),
    /** Makes the token that uploads use. */
    async authorize() {
      const body = JSON.stringify({ name: "all", index: "team", scopes: ["read", "upload"] });
      const headers = { Authorization: `Bearer ${ADMIN}`, "Content-Type": "application/json" };
      const { status, bytes } = await ask("/-/api/tokens", { method: "POST", headers, body });
      if (status !== 201) throw new Error(bytes.toString());
      token = (JSON.parse(bytes.toString()) as { token: string }).token;
    },
    /** What an administrator gets. */
    async asAdmin(path: string) {
      const { status, bytes } = await ask(path, { headers: { Authorization: `Bearer ${ADMIN}` } });
      return { status, said: bytes.toString() };
    },
    /** The upstream's file. */
    download: () => ask(`/files/${new URL(origin.url).host}/files/${Origin.FILENAME}`),
    /** Uploads a wheel of a project. */
    async upload(name: string, padding = 0) {
      const files = { "data.bin": new Uint8Array(padding) };
      const wheel = await buildWheel({ name, version: "1.0", files });
      const form = new FormData();
      for (const [field, value] of Object.entries(uploadFields(wheel))) form.set(field, value);
      form.set("content", new Blob([Buffer.from(wheel.bytes)]), wheel.filename);
      const headers = { Authorization: `Bearer ${token}` };
      const { status, bytes } = await ask("/team/legacy/", { method: "POST", headers, body: form });
      return { status, said: bytes.toString(), wheel: Buffer.from(wheel.bytes) };
    },
    /** The bytes of a project's file as the team's index gives them; a status where its page or file cannot be had. */
    async hosted(project: string): Promise<Buffer | number> {
      const headers = { Authorization: `Bearer ${token}`, Accept: "application/vnd.pypi.simple.v1+json" };
      const page = await ask(`/team/simple/${project}/`, { headers });
      if (page.status !== 200) return page.status;
      const { files } = JSON.parse(page.bytes.toString()) as { files: { url: string }[] };
      const { pathname } = new URL(files[0]?.url ?? "", `http://127.0.0.1/team/simple/${project}/`);
      const file = await ask(pathname, { headers });
      return file.status === 200 ? file.bytes : file.status;
    },
    async close() {
      await stop();
      await origin.stop();
    },
  };
}

const optionsOf = (state: string, origin: Origin) => ({
  host: "127.0.0.1",
  port: 0,
  trustedProxies: [],
  listener: undefined,
  tls: undefined,
  state,
  crons: [],
  consumers: [],
  migrations: MIGRATIONS,
  config: parseConfig({
    UPSTREAMS: { pypi: { url: `${origin.url}simple/`, files: origin.url } },
    INDEXES: { default: { sources: ["pypi"] }, team: { sources: ["pypi"], hosted: true } },
    RESERVED: [],
    TRUSTED: [],
    AUDIENCE: "",
    PAGE_TTL: 600,
    FEED: false,
    POPULAR: 0,
    SEED: [],
    QUOTA: 0,
    PUBLIC_URL: "",
    LOG: "problems",
    ADMIN_TOKEN: ADMIN,
  }),
});
