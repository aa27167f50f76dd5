import { Rig } from "../../support/node/rig.ts";
import { killTest } from "./kill.ts";

killTest("The server was", 50, (source) => Rig.open(source));
