import { CLIENT_NAMES } from "../../support/node/clients/table.ts";
import { Rig } from "../../support/node/rig.ts";
import { smoke } from "./smoke.ts";

// Each client over the bundle that is deployed to Cloudflare; everywhere else they are over the server on Node.
smoke(CLIENT_NAMES, (source) => Rig.inWorkerd(source));
