/** The server's jobs, with a description of each. */
export const JOB_MEANINGS = {
  feed: "follows the upstreams' change logs, and queues the pages that are behind",
  refresh: "queues popular projects whose pages are due to be revalidated",
  verdicts: "has provenance verified anew that was verified by another trusted root or version",
  forget: "forgets the counts of projects that have not been asked for in a long time",
  sweep:
    "deletes the longest unused mirrored files above the quota, or where the disk has little room, and files of projects that are gone upstream",
  scrub: "reads some of the stored files and compares them with their digests; deletes mirrored ones that are damaged",
  prune: "moves releases into the trash that their index does not keep",
  clean:
    "empties the trash of what was deleted 30 days ago, and deletes the parts of unfinished uploads, and tokens that ended long ago",
  figures: "keeps what the counters and gauges are now, for the plots of the dashboard",
  advisories: "compares the advisories that policies go by with all of OSV's, and takes over what is other",
  mirror: "has those mirrors gone on with that have something to do",
  watch:
    "looks for forks that are out of date, advisories that are too old, and a trusted root that ends, for the receivers in NOTIFY",
  notify: "queues what the receivers in NOTIFY are to be told",
  replay: "sends dead letters again",
  discard: "deletes dead letters: what they asked for is not done, until it is asked for again",
  "move-out": "writes all that is stored into the bucket's move folder, to be copied to another deployment",
  "move-in": "stores what was moved out of another deployment and copied into this one's bucket",
} as const;
