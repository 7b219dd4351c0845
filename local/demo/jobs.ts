import type { DataSource } from "typeorm";
import { waitForEnd } from "../../cli/wait-for-end.ts";
import { enqueue } from "../../queues/enqueue.ts";
import type { Queues } from "../../queues/open-queues.ts";
import { findJobRun } from "../../tables/job-runs.ts";
import type { World } from "../world.ts";
import type { Wanted } from "./people.ts";
import type { Expected } from "./progress.ts";

/** A slot every two seconds: the first comes at once and its jobs are spread over two seconds. */
const demoSchedule = "*/2 * * * * *";
const scheduled = ["sync", "cost-ingest", "health-check"] as const;

/**
 * Lets a scheduler enqueue one slot of every kind it knows, and counts what it enqueued. Another one, without the clock,
 * stays to bring to Redis what has still to come there.
 */
export async function scheduleOnce(world: World, expected: Expected): Promise<void> {
  const scheduler = world.start(["scheduler"], {
    SCHEDULE_SYNC: demoSchedule,
    SCHEDULE_COST_INGEST: demoSchedule,
    SCHEDULE_HEALTH_CHECK: demoSchedule,
  });
  for (const queue of scheduled) {
    await scheduler.logged((line) => line.msg === "enqueued" && line["queue"] === queue);
  }
  await scheduler.stop();
  world.start(["scheduler"], { SCHEDULES: "off" });
  for (const line of scheduler.log.filter(({ msg }) => msg === "enqueued")) {
    const queue = scheduled.find((name) => name === line["queue"]);
    if (queue) expected[queue] += Number(line["jobs"]);
  }
}

/** What jobs are put in with. */
export interface Desk {
  database: DataSource;
  queues: Queues;
  expected: Expected;
  signal: AbortSignal;
}

/** Applies every resource and destroys it again. */
export async function applyAndDestroy(desk: Desk, resources: Wanted[]): Promise<void> {
  desk.expected["terraform-apply"] += 2 * resources.length;
  await Promise.all(
    resources.map(async (resource) => {
      for (const action of ["apply", "destroy"] as const) {
        const payload = { ...resource, action };
        await ended(
          desk,
          await enqueue(desk.queues["terraform-apply"], "terraform-apply", payload),
        );
      }
    }),
  );
}

/** Checks a credential out of turn. */
export async function checkHealth(
  { queues, expected }: Desk,
  payload: { userId: number; credentialId: number },
): Promise<void> {
  expected["health-check"] += 1;
  await enqueue(queues["health-check"], "health-check", payload);
}

async function ended({ database, signal }: Desk, jobId: string): Promise<void> {
  await waitForEnd(async () => findJobRun(database, "terraform-apply", jobId), signal);
  signal.throwIfAborted();
}
