import { Rig } from "../../support/node/rig.ts";
import { killTest } from "./kills/kill.ts";
import { uploads } from "./kills/uploads.ts";

// As on Cloudflare. Fewer than on the server: to start it takes longer than the upload.
killTest("The bundle in workerd was", 15, (source) => Rig.inWorkerd(source), uploads());
