import type { Outcome } from "../../../../cli/demo/process.ts";
import type { Place } from "../clients/place.ts";

/** Where to publish, and as which user. */
export interface Target {
  /** The address of an upload API. */
  readonly url: string;
  readonly token: string;
}

/** What is published: files that lie in a place's `dist`, or what the project there is built into. */
export interface Parcel {
  /** The project as its pyproject.toml says, spelled as it is normalised. */
  readonly project: string;
  readonly version: string;
}

/** What a project is built with. */
export type Backend = "flit_core" | "uv_build";

/** How one client is told to publish. */
export interface Publisher {
  /** Publishes the parcel from this place; `signal` has the client killed. */
  publish(parcel: Parcel, target: Target, place: Place, signal?: AbortSignal): Promise<Outcome>;
  /** The backend with which it builds the project's module itself, and publishes nothing else; undefined where it publishes any files. */
  readonly builds?: Backend;
}
