import { text, type Operation } from "./operation.ts";

const query = { source: text("of this offline source, by its name in the configuration; left out: the only one") };

/** What receives the steps of an export, below the index that they are carried to. */
export const CARRYING: readonly Operation[] = [
  {
    id: "showCarried",
    method: "get",
    path: "/-/api/carried",
    what: "How far an offline source is: the last whole step, and which members of the next one are missing.",
    needs: "admin",
    alsoAt: "indexes",
    query,
    answers: { 200: "CarriedState" },
  },
  {
    id: "beginCarried",
    method: "post",
    path: "/-/api/carried",
    what: "Begins the next step, or goes on with it: its manifest, and the signature over that.",
    needs: "admin",
    alsoAt: "indexes",
    query,
    body: "CarriedStep",
    answers: { 200: "CarriedState" },
  },
  {
    id: "putCarriedMember",
    method: "put",
    path: "/-/api/carried/members/{number}",
    what: "A member of the step, whose bytes the manifest has the digest of. Pages come behind the files that they name.",
    needs: "admin",
    alsoAt: "indexes",
    query,
    body: { type: "application/octet-stream" },
    answers: { 204: null },
  },
  {
    id: "endCarried",
    method: "post",
    path: "/-/api/carried/done",
    what: "Ends the step, whose members are all there.",
    needs: "admin",
    alsoAt: "indexes",
    query,
    answers: { 200: "CarriedState" },
  },
];
