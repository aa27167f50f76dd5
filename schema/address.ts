import * as z from "zod/mini";
import { isPrivate } from "../worker/pypi/host.ts";

/** Longer addresses would leave no room for a project's name in KV keys (512 bytes). */
const MAX_UPSTREAM = 200;

const isHttp = (text: string) => /^https?:$/.test(URL.parse(text)?.protocol ?? "");
const isEncrypted = ({ protocol, hostname }: URL) => protocol === "https:" || isPrivate(hostname);
const isBare = ({ username, password, search, hash }: URL) => username + password + search + hash === "";
const BARE = "no credentials, query or fragment can be part of it";

/** A URL that may be fetched, parsed from text. */
const address = (toUrl: (text: string) => URL) =>
  z.pipe(
    z
      .string()
      .check(
        z.refine(isHttp, "an address such as https://pypi.org/simple/ is expected"),
        z.maxLength(MAX_UPSTREAM, `at most ${MAX_UPSTREAM} characters are expected`),
      ),
    z.pipe(
      z.transform(toUrl),
      z
        .instanceof(URL)
        .check(
          z.refine(isEncrypted, "plain http is for loopback and private addresses; use https://"),
          z.refine(isBare, BARE),
        ),
    ),
  );

/**
 * The URL of an upstream's Simple API root or file host. A final slash is added, so that paths can be resolved against
 * it.
 */
export const upstreamAddress = address((text) => new URL(text.endsWith("/") ? text : `${text}/`));

/** The URL of a page of links. */
export const pageAddress = address((text) => new URL(text));

/** The public address without a final slash; empty where requests arrive under it. */
export const publicRoot = z.pipe(
  z.string().check(
    z.refine((text) => text === "" || isHttp(text), "an address such as https://pypi.example.com is expected"),
    z.refine((text) => !isHttp(text) || isBare(new URL(text)), BARE),
    z.refine(
      (text) => !/\/(?:simple|legacy)\/?$/.test(text),
      "the root is expected, without /simple/ or /legacy/ at its end",
    ),
  ),
  z.transform((text) => (text === "" ? "" : withoutSlash(new URL(text)))),
);

const withoutSlash = ({ origin, pathname }: URL) => origin + pathname.replace(/\/$/, "");
