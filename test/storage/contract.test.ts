import { env } from "cloudflare:workers";
import { pipe } from "../../worker/cloudflare/platform.ts";
import { catalogOf } from "../../worker/storage/d1/catalog.ts";
import { fileStore, MAX_PUT } from "../../worker/storage/r2/mirrored-files.ts";
import { keysOf } from "../../worker/storage/keys.ts";
import { listStore } from "../../worker/storage/r2/root-listing.ts";
import { Memory } from "../../worker/storage/memory.ts";
import { pageStore } from "../../worker/storage/kv/pages.ts";
import { whole } from "../support/whole.ts";
import { fileStoreContract, listStoreContract, pageStoreContract } from "../contract/stores.ts";

const kv = whole(env.PAGES);
const r2 = whole(env.FILES);
const keys = keysOf("test");
const pages = (maxValue: number) => () =>
  pageStore({
    kv,
    r2,
    catalog: catalogOf(env.DB, "test"),
    memory: new Memory(100_000),
    written: new Memory(1_000),
    keys,
    maxValue,
  });

pageStoreContract("KV", pages(1_000_000));
pageStoreContract("R2, for pages too large for KV,", pages(10));
fileStoreContract("R2", () => fileStore(r2, new Memory(100_000), keys, { maxPut: MAX_PUT, pipe, now: Date.now }));
listStoreContract("R2", () => listStore(r2, keys.list));
