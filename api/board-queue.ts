import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import type { JobStatus } from "@bull-board/api/typings/app";
import { Job, type Queue } from "bullmq";
import { redactData, redactText } from "../runtime/redact.ts";

/** Ends jobs in the ledger, or the reconciler would put back what an operator removed. */
export type CancelJobs = (queue: string, ids: string[]) => Promise<unknown>;

/** States of jobs that are still owed. */
const owedStates = ["waiting", "delayed", "prioritized"] as const;

/**
 * A queue as the dashboard shows it: without secrets, and also when a producer has written something into Redis that is
 * no JSON. BullMQ cannot read such a job and would take the whole page down with it.
 */
export class BoardQueue extends BullMQAdapter {
  readonly #queue: Queue;
  readonly #cancel: CancelJobs;

  constructor(queue: Queue, { readOnly, cancel }: { readOnly: boolean; cancel: CancelJobs }) {
    super(queue, { readOnlyMode: readOnly });
    this.#queue = queue;
    this.#cancel = cancel;
    this.setFormatter("data", redactData);
    this.setFormatter("returnValue", redactData);
    this.setFormatter("progress", redactData);
    this.setFormatter("name", (job: { name?: string }) => redactText(job.name ?? ""));
  }

  override async getJobs(states: JobStatus[], start = 0, end = -1): Promise<Job[]> {
    // BullMQ 6 has no paused jobs; bull-board's type does.
    const types = states.filter((state) => state !== "paused");
    const ids = await this.#queue.getRanges(types, start, end, false);
    const jobs = await Promise.all(ids.map(async (id) => this.getJob(id)));
    return jobs.filter((job) => job !== undefined);
  }

  override async getJob(id: string): Promise<Job | undefined> {
    const job = await this.#readJob(id);
    if (!job) return undefined;
    const remove = job.remove.bind(job);
    job.remove = async (options) => {
      await this.#cancel(this.#queue.name, [id]);
      return remove(options);
    };
    return job;
  }

  override async clean(...[status, graceMs]: Parameters<BullMQAdapter["clean"]>): Promise<void> {
    const state = owedStates.find((owed) => owed === status);
    if (state) await this.#cancelAll([state]);
    return super.clean(status, graceMs);
  }

  override async empty(): Promise<void> {
    await this.#cancelAll();
    return super.empty();
  }

  override async obliterate(...args: Parameters<BullMQAdapter["obliterate"]>): Promise<void> {
    await this.#cancelAll();
    return super.obliterate(...args);
  }

  async #cancelAll(states: readonly (typeof owedStates)[number][] = owedStates): Promise<void> {
    const ids = await this.#queue.getRanges([...states], 0, -1, false);
    await this.#cancel(this.#queue.name, ids);
  }

  async #readJob(id: string): Promise<Job | undefined> {
    try {
      return await super.getJob(id);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const note = { unreadable: "The data or the options of this job in Redis are not JSON." };
      return new Job(this.#queue, "(unreadable)", note, {}, id);
    }
  }
}
