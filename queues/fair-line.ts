import type { Redis } from "ioredis";
import { z } from "zod";
import { enterLine, givePlaces, leaveLine, offerRoom, parkJob } from "./fair-line-scripts.ts";
import { RedisScript } from "./redis-script.ts";

const scripts = {
  givePlaces: new RedisScript(givePlaces),
  enter: new RedisScript(enterLine),
  park: new RedisScript(parkJob),
  offerRoom: new RedisScript(offerRoom),
  leave: new RedisScript(leaveLine),
};

/** Jobs of which only so many run at once, in all processes: those of a user, or of a credential. */
export interface Group {
  name: string;
  /** 1 or more. */
  limit: number;
}

/** A job that asks for its turn. */
export interface Applicant {
  jobId: string;
  /** Whose line it stands in; jobs whose user cannot be told share one. */
  user: string;
  /** `user:credential` of a job that a newer one makes superfluous; null for others. */
  twin: string | null;
  groups: readonly Group[];
}

/** Whether it is a job's turn, and if not, why. */
export type Turn =
  | { kind: "go" }
  /** Somebody who has had less is waiting: the job has its place in line now. */
  | { kind: "behind" }
  /** A job of the same credential was queued later. */
  | { kind: "superseded"; by: string }
  /** As many jobs of the group run as may. The job is woken when one ends; `parked` of them wait for that. */
  | { kind: "full"; group: Group; parked: number };

const answers = {
  places: z.array(z.int()),
  parked: z.int(),
  turn: z.union([
    z.tuple([z.enum(["go", "behind"])]),
    z.tuple([z.literal("superseded"), z.string()]),
    z.tuple([z.literal("full"), z.string(), z.int()]),
  ]),
};

/**
 * The order in which the jobs of one queue are taken. Each user's jobs get places one after the other, starting where
 * the line is now, and the lowest place is taken first: whoever has queued 10,000 jobs has the last one 10,000 places
 * away, and everybody else's next job is near. A place is the job's priority in BullMQ. All of this lives in Redis
 * and may be lost: then counting starts again from the jobs that are there.
 */
export class FairLine {
  readonly #redis: Redis;
  readonly #base: string;
  readonly #isExclusive: boolean;

  constructor(
    redis: Redis,
    options: {
      /** The queue's key prefix, `queue.toKey("")`. */
      base: string;
      /** One job per credential at a time. */
      isExclusive: boolean;
    },
  ) {
    this.#redis = redis;
    this.#base = options.base;
    this.#isExclusive = options.isExclusive;
  }

  /** The places of jobs that are about to be added, in their order. */
  async givePlaces(jobs: readonly Omit<Applicant, "groups">[]): Promise<number[]> {
    const args = jobs.flatMap(({ jobId, user, twin }) => [user, jobId, this.#twin(twin)]);
    return answers.places.parse(await scripts.givePlaces.run(this.#redis, this.#base, args));
  }

  /**
   * Asks whether it is the turn of a job that a worker has taken. `go` takes a slot of each group, until `leave` or
   * until the job's lock is gone. With `evenIfOlder` a newer job of the credential does not matter.
   */
  async enter(job: Applicant, evenIfOlder = false): Promise<Turn> {
    const answer = await scripts.enter.run(this.#redis, this.#base, [
      job.jobId,
      job.user,
      this.#twin(job.twin),
      evenIfOlder ? 0 : 1,
      this.#isExclusive ? 1 : 0,
      ...job.groups.flatMap(({ name, limit }) => [name, limit]),
    ]);
    const [kind, subject, parked] = answers.turn.parse(answer);
    if (kind === "superseded") return { kind, by: subject };
    if (kind !== "full") return { kind };
    const group = job.groups.find(({ name }) => name === subject);
    if (!group) throw new Error(`group ${subject} was not asked for`);
    return { kind, group, parked };
  }

  /** Has a job woken when the group has room; the caller delays it. Returns how many wait for that. */
  async park(group: Group, jobId: string): Promise<number> {
    const parked = await scripts.park.run(this.#redis, this.#base, [group.name, jobId]);
    return answers.parked.parse(parked);
  }

  /** Wakes a parked job if the group has room: whoever left while a job was being delayed could not wake it. */
  async offerRoom(group: Group): Promise<void> {
    await scripts.offerRoom.run(this.#redis, this.#base, [group.name, group.limit]);
  }

  /** Gives the job's slots back and wakes the next job of each group. */
  async leave(job: Applicant): Promise<void> {
    const names = job.groups.map(({ name }) => name);
    await scripts.leave.run(this.#redis, this.#base, [job.jobId, ...names]);
  }

  /** Wakes a worker that sleeps. BullMQ does not when a job with a priority is handed back. */
  async wakeWorker(): Promise<void> {
    await this.#redis.zadd(`${this.#base}marker`, 0, "0");
  }

  #twin(twin: string | null): string {
    return this.#isExclusive && twin ? twin : "";
  }
}

const common: ReadonlySet<string> = new Set(["v", "userId", "credentialId", "traceparent"]);

/**
 * `user:credential` of a payload that asks for all there is to do for a credential, and so makes an older one like it
 * superfluous; null for one that is narrowed or says more, which another job does not stand for. Whoever gave it a key
 * wants the answer of this very job.
 */
export function twinOf(payload: object): string | null {
  if (!Object.keys(payload).every((field) => common.has(field))) return null;
  const userId: unknown = Reflect.get(payload, "userId");
  const credentialId: unknown = Reflect.get(payload, "credentialId");
  if (typeof userId !== "number" || typeof credentialId !== "number") return null;
  return `${userId}:${credentialId}`;
}
