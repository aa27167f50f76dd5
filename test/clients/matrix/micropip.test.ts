import { findChromium } from "../../support/node/chromium.ts";
import { MICROPIP, micropip } from "../../support/node/clients/micropip.ts";
import { MICROPIP_NOTES } from "./notes.ts";
import { rowOf } from "./row.ts";

const chromium = findChromium();

rowOf(MICROPIP, MICROPIP_NOTES, chromium === undefined ? undefined : () => micropip(chromium));
