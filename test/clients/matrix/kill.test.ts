import { Rig } from "../../support/node/rig.ts";
import { killTest } from "./kills/kill.ts";
import { deliveries, fills } from "./kills/mirrored.ts";
import { migrations } from "./kills/migrations.ts";
import { uploads } from "./kills/uploads.ts";

// KILLS makes all of them fewer, or more.
const of = Number(process.env["KILLS"] ?? 200);
for (const [act, part] of [
  [uploads(), 0.35],
  [fills(), 0.3],
  [deliveries(), 0.2],
  [migrations(), 0.15],
] as const)
  killTest("The server was", Math.round(of * part), (source) => Rig.open(source), act);
