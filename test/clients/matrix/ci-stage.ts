import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { tourWheels } from "../../../cli/demo/tour.ts";
import { Place } from "../../support/node/clients/place.ts";
import { CLIENTS, type Home } from "../../support/node/clients/table.ts";
import { PublishingIndex } from "../../support/node/fake-index/publishing.ts";
import { NodeIssuer } from "../../support/node/issuer.ts";
import { Rig } from "../../support/node/rig.ts";

/** The audience of identity tokens, as docs/ci.md has it. */
export const AUDIENCE = "pypi.acme.example";

/** A pypi-edge that trusts the jobs of an issuer, and a project with a lock that has the upstream's URLs. */
export class CiStage {
  readonly issuer: NodeIssuer;
  readonly rig: Rig;
  readonly place: Place;
  readonly lock: string;
  readonly original: string;
  readonly #folder: string;

  private constructor(issuer: NodeIssuer, rig: Rig, place: Place, folder: string) {
    this.issuer = issuer;
    this.rig = rig;
    this.place = place;
    this.#folder = folder;
    this.lock = join(place.folder, "uv.lock");
    this.original = readFileSync(this.lock, "utf8");
  }

  /** @param uv makes the lock */
  static async open(uv: Home): Promise<CiStage> {
    const issuer = await new NodeIssuer({ sub: "a job", repository: "acme/tools" }).start();
    const folder = temporaryDirectory();
    const config = join(folder, "config.toml");
    const rule = `{ issuer = "${issuer.url}", claims = { repository = "acme/tools" }, index = "team", scopes = ["read", "warm"] }`;
    writeFileSync(config, `[vars]\nAUDIENCE = "${AUDIENCE}"\nTRUSTED = [${rule}]\n`);
    const rig = await Rig.open(new PublishingIndex(await tourWheels()).source, "--config", config);
    const place = await Place.make();
    const made = await CLIENTS["uv-project"].client(uv).install("picnic", rig.witness.index, place);
    if (made.code !== 0) throw new Error(made.output);
    place.forget();
    return new CiStage(issuer, rig, place, folder);
  }

  /** The server's root; ends in a slash. */
  get root(): string {
    return new URL("/", this.rig.index).href;
  }

  /** What GitHub's runner sets where the job may have an identity token. */
  get identityVariables(): Record<string, string> {
    return {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${this.issuer.url}/request?api-version=2`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "a-job",
    };
  }

  /** Puts the committed lock back, and empties the environment. */
  async reset(): Promise<void> {
    writeFileSync(this.lock, this.original);
    await this.place.empty();
  }

  async close(): Promise<void> {
    this.place.remove();
    await this.rig.close();
    await this.issuer.stop();
    removeDirectory(this.#folder);
  }
}
