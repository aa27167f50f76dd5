import * as z from "zod/mini";
import { advisoriesState } from "../advisories.ts";
import { beginCarried, carriedState } from "../carried.ts";
import { forkList, wholeFork } from "../fork.ts";
import { hostedProjectsAnswer } from "../hosted-project.ts";
import { jobAnswer } from "../job-results.ts";
import {
  changedMirror,
  listedMirrorEntries,
  mirrorEntries,
  mirrorErrors,
  mirrorPlan,
  mirrorRemoval,
  mirrorStart,
  mirrorStatuses,
  verificationStart,
  verificationStatus,
} from "../mirror-api.ts";
import { noticesTried } from "../notify.ts";
import { addedEntries, listedEntries, newEntries, shownEntry } from "../policy-entry.ts";
import { forecastRequest, pendingFiles, policyForecast } from "../policy-outlook.ts";
import { policyReport } from "../policy-report.ts";
import { auditLine, emptyBody, promoteBody, releaseChange, releasedProject, statusBody, yankBody } from "../release.ts";
import { createdToken, listedTokens, newToken, shownToken } from "../token.ts";
import { storedFilesAnswer } from "../stored-files.ts";
import { newTrustedRoot, shownTrustedRoot } from "../trusted-root.ts";
import { uploadAnnouncement, uploadBegun, uploadEnd, uploadOutcome, uploadState } from "../upload.ts";
import { warmLine } from "../warm.ts";
import { explanation } from "../why.ts";

/** What every refusal has (RFC 9457), where the client reads JSON. */
const problem = z.object({ type: z.string(), title: z.string(), status: z.number(), detail: z.string() });

/** The schemas of the API's requests and answers, by the names that its description has for them. */
export const SCHEMAS = {
  AddedEntries: addedEntries,
  AdvisoriesState: advisoriesState,
  AuditLine: auditLine,
  CarriedState: carriedState,
  CarriedStep: beginCarried,
  ChangedMirror: changedMirror,
  CreatedToken: createdToken,
  EmptyBody: emptyBody,
  Explanation: explanation,
  Fork: wholeFork,
  ForecastRequest: forecastRequest,
  Forks: forkList,
  HostedProjects: hostedProjectsAnswer,
  JobAnswer: jobAnswer,
  MirrorEntries: listedMirrorEntries,
  MirrorErrors: mirrorErrors,
  MirrorPlan: mirrorPlan,
  MirrorRemoval: mirrorRemoval,
  MirrorRequest: mirrorEntries,
  MirrorStart: mirrorStart,
  MirrorStatuses: mirrorStatuses,
  NewEntries: newEntries,
  NewToken: newToken,
  NewTrustedRoot: newTrustedRoot,
  NoticesTried: noticesTried,
  PendingFiles: pendingFiles,
  PolicyEntries: listedEntries,
  PolicyEntry: shownEntry,
  PolicyForecast: policyForecast,
  PolicyReport: policyReport,
  Problem: problem,
  Project: releasedProject,
  PromoteRequest: promoteBody,
  ReleaseChange: releaseChange,
  StatusRequest: statusBody,
  StoredFiles: storedFilesAnswer,
  Token: shownToken,
  Tokens: listedTokens,
  TrustedRoot: shownTrustedRoot,
  UploadAnnouncement: uploadAnnouncement,
  UploadBegun: uploadBegun,
  UploadEnd: uploadEnd,
  UploadOutcome: uploadOutcome,
  UploadState: uploadState,
  VerificationRequest: verificationStart,
  VerificationStatus: verificationStatus,
  WarmLine: warmLine,
  YankRequest: yankBody,
} as const satisfies Record<string, z.ZodMiniType>;

export type SchemaName = keyof typeof SCHEMAS;
