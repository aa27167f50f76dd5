import * as z from "zod/mini";
import { isPrivate } from "../worker/pypi/host.ts";

/** Longer ones would not leave room for a project's name in KV's keys (512 bytes). */
const MAX_UPSTREAM = 200;

const isHttp = (text: string) => /^https?:$/.test(URL.parse(text)?.protocol ?? "");
const isEncrypted = ({ protocol, hostname }: URL) => protocol === "https:" || isPrivate(hostname);
const isBare = ({ username, password, search, hash }: URL) => username + password + search + hash === "";
const BARE = "no credentials, query or fragment can be part of it";

/** An address that may be fetched from, out of text. */
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

/** The address of an upstream's Simple API root, or of its file host, from text; ends in `/`: what is there hangs below it. */
export const upstreamAddress = address((text) => new URL(text.endsWith("/") ? text : `${text}/`));

/** The address of a page of links, from text. */
export const pageAddress = address((text) => new URL(text));

/** The address that people use, from text; without a final slash, and empty where it is the one that requests arrive under. */
export const publicRoot = z.pipe(
  z.string().check(
    z.refine((text) => text === "" || isHttp(text), "an address such as https://pypi.example.com is expected"),
    z.refine((text) => !isHttp(text) || isBare(new URL(text)), BARE),
  ),
  z.transform((text) => (text === "" ? "" : withoutSlash(new URL(text)))),
);

const withoutSlash = ({ origin, pathname }: URL) => origin + pathname.replace(/\/$/, "");
