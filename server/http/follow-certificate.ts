import { MINUTE } from "../../worker/duration.ts";
import { messageOf } from "../../worker/errors.ts";
import { readCertificate, whyOutOfDate, type Certificate, type CertificateFiles } from "./certificate.ts";

interface FollowOptions {
  readonly files: CertificateFiles;
  /** The one that is in use. */
  readonly current: Certificate;
  /** Takes a renewed one. */
  readonly take: (renewed: Certificate) => void;
  /** Takes a sentence for what an operator has to know. */
  readonly say: (level: "log" | "warn", sentence: string) => void;
  /** Milliseconds from one look at the files to the next. */
  readonly interval?: number;
}

/**
 * Looks at the files of a certificate each minute, and takes a renewed one. Files that cannot be used change nothing: they
 * are told of when the next look finds the same, since certificate and key are not replaced in one moment. They are read,
 * not watched: the names are often links to what is replaced.
 */
export function followCertificate({ files, current, take, say, interval = MINUTE }: FollowOptions): { stop(): void } {
  let served = current;
  let found: string | undefined;
  let told: string | undefined;

  const tell = (problem: string | undefined) => {
    if (problem !== undefined && problem === found && problem !== told) say("warn", (told = problem));
    found = problem;
  };
  const look = async () => {
    try {
      const read = await readCertificate(files);
      if (!read.cert.equals(served.cert) || !read.key.equals(served.key)) {
        take(read);
        served = read;
        say(
          "log",
          `The renewed certificate in ${files.cert} is used, valid until ${read.x509.validToDate.toISOString()}.`,
        );
      }
      tell(whyOutOfDate(read, files.cert, Date.now()));
    } catch (error) {
      tell(`${messageOf(error)} The earlier certificate stays in use.`);
    }
  };
  let isStopped = false;
  const lookLater = () => setTimeout(() => void look().then(goOn), interval);
  const goOn = () => {
    if (!isStopped) timer = lookLater();
  };
  let timer = lookLater();
  return {
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
