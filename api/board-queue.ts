import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import type { JobStatus } from "@bull-board/api/typings/app";
import { Job, type Queue } from "bullmq";
import { redactData, redactText } from "../runtime/redact.ts";

/**
 * A queue as the dashboard shows it: without secrets, and also when a producer has written something into Redis that is
 * no JSON. BullMQ cannot read such a job and would take the whole page down with it.
 */
export class BoardQueue extends BullMQAdapter {
  readonly #queue: Queue;

  constructor(queue: Queue, { readOnly }: { readOnly: boolean }) {
    super(queue, { readOnlyMode: readOnly });
    this.#queue = queue;
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
    try {
      return await super.getJob(id);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const note = { unreadable: "The data or the options of this job in Redis are not JSON." };
      return new Job(this.#queue, "(unreadable)", note, {}, id);
    }
  }
}
