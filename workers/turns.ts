import { DelayedError, type Job, WaitingError } from "bullmq";
import { exclusiveQueues, type QueueName } from "../queues/contract.ts";
import { contracts } from "../queues/contracts.ts";
import { type Applicant, type FairLine, type Group, twinOf } from "../queues/fair-line.ts";
import { InvalidPayloadError, parsePayload } from "../queues/parse-payload.ts";
import { storableId } from "../runtime/storable.ts";
import { findJobRun } from "../tables/job-runs.ts";
import type { Services } from "./services.ts";

/**
 * When a parked job looks for itself whether there is room, in milliseconds: a worker that was killed wakes nobody.
 * Later the more jobs wait, so that 10,000 of them make less than 100 looks a second.
 */
const lookAgainMs = { least: 15_000, perParkedJob: 10 };

/** A job that may run now; call `leave` when it has ended, whatever came of it. */
export interface Admission {
  /** The job that stands for this one, which then need not run. */
  supersededBy: string | undefined;
  leave(): Promise<void>;
}

/**
 * Lets jobs of one queue run in their turn: fair to all users, at most `userConcurrency` jobs of one user and, where
 * the queue is exclusive, one of a credential. Running jobs are counted in Redis, by BullMQ's own locks: they are the
 * first to know that a worker was killed, it costs one round trip, and what Redis forgets here is a limit for some
 * seconds and never work.
 */
export class Turns {
  readonly #name: QueueName;
  readonly #line: FairLine;
  readonly #database: Services["database"];
  readonly #userConcurrency: number;

  constructor(
    name: QueueName,
    options: {
      line: FairLine;
      database: Services["database"];
      /** 0: no limit. */
      userConcurrency: number;
    },
  ) {
    this.#name = name;
    this.#line = options.line;
    this.#database = options.database;
    this.#userConcurrency = options.userConcurrency;
  }

  /**
   * Admits a job, or puts it back without a trace in the ledger and throws BullMQ's WaitingError or DelayedError. Throws
   * the driver's error when Redis or PostgreSQL cannot be reached.
   */
  async take(job: Job, token: string | undefined): Promise<Admission> {
    const applicant = this.#describe(job);
    const admit = (supersededBy?: string): Admission => ({
      supersededBy,
      leave: async () => this.#line.leave(applicant),
    });
    let turn = await this.#line.enter(applicant);
    if (turn.kind === "superseded") {
      const verdict = await this.#judge(turn.by);
      if (verdict === "superseded") return admit(turn.by);
      const group = applicant.groups.at(-1);
      // Woken when a job of the credential ends, such as the newer one.
      if (verdict === "unknown" && group) {
        const parked = await this.#line.park(group, applicant.jobId);
        return this.#delay(job, token, parked);
      }
      turn = await this.#line.enter(applicant, true);
    }
    if (turn.kind === "go" || turn.kind === "superseded") return admit();
    if (turn.kind === "behind") return this.putBack(job, token);
    const { group } = turn;
    return this.#delay(job, token, turn.parked, async () => this.#line.offerRoom(group));
  }

  /** Puts an active job back to its place in line, before all others of its place, and throws WaitingError. */
  async putBack(job: Job, token: string | undefined): Promise<never> {
    await job.moveToWait(token);
    await this.#line.wakeWorker();
    throw new WaitingError();
  }

  /** What is no valid job is in nobody's way: it has no groups and is refused when its turn comes. */
  #describe(job: Job): Applicant {
    const jobId = job.id ?? "";
    try {
      const payload = parsePayload<{ userId: number; credentialId?: number }>(
        contracts[this.#name],
        job.data,
      );
      return {
        jobId,
        user: String(payload.userId),
        twin: exclusiveQueues.has(this.#name) ? twinOf(payload) : null,
        groups: this.#groups(payload),
      };
    } catch (error) {
      if (!(error instanceof InvalidPayloadError)) throw error;
      return { jobId, user: "unknown", twin: null, groups: [] };
    }
  }

  /** A credential counts together with the user who is said to own it: a forged job is in nobody else's way. */
  #groups({ userId, credentialId }: { userId: number; credentialId?: number }): Group[] {
    const groups: Group[] = [];
    if (this.#userConcurrency > 0) {
      groups.push({ name: `user:${userId}`, limit: this.#userConcurrency });
    }
    if (exclusiveQueues.has(this.#name) && credentialId) {
      groups.push({ name: `credential:${userId}:${credentialId}`, limit: 1 });
    }
    return groups;
  }

  /**
   * Whether the newer job stands for the older one: only once the ledger knows it, so that the loss of Redis cannot
   * take the newer one after the older one has ended; and not when it has ended without success.
   */
  async #judge(newer: string): Promise<"superseded" | "unknown" | "not superseded"> {
    const run = await findJobRun(this.#database, this.#name, storableId(newer));
    if (!run) return "unknown";
    const hasFailed = ["given-up", "failed", "held", "rejected"].includes(run.state);
    return hasFailed ? "not superseded" : "superseded";
  }

  async #delay(
    job: Job,
    token: string | undefined,
    parked: number,
    afterwards: () => Promise<void> = async () => {},
  ): Promise<never> {
    const delayMs = lookAgainMs.least + lookAgainMs.perParkedJob * parked;
    await job.moveToDelayed(Date.now() + delayMs, token);
    await afterwards();
    throw new DelayedError();
  }
}
