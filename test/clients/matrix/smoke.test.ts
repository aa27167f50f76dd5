import { CLIENT_NAMES } from "../../support/node/clients/table.ts";
import { smoke } from "./smoke.ts";

smoke(CLIENT_NAMES);
