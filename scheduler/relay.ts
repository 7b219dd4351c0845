import type { DataSource } from "typeorm";
import type { Queues } from "../queues/open-queues.ts";
import type { Logger } from "../runtime/log.ts";
import { lockUnsentRequests, markSent } from "../tables/job-requests.ts";
import { listen } from "./listen.ts";
import { startPeriodic } from "./periodic.ts";
import { addWantedJobs } from "./wanted-jobs.ts";

export interface RelayOptions {
  /** For the connection that listens; pools lend theirs to others. */
  databaseUrl: string;
  database: DataSource;
  /** On a connection whose commands fail while Redis is away. */
  queues: Queues;
  log: Logger;
  /** How often to look without having been told, in milliseconds. */
  pollMs?: number;
  /** Requests in one transaction. */
  batchSize?: number;
}

export interface Relay {
  /** Stops after the current batch. */
  close(): Promise<void>;
}

/**
 * Brings what `enqueue_job` wrote to Redis, as soon as it is committed. Any number of relays may run: each request is
 * taken by one of them. One that dies between the two stores leaves requests that are added a second time under the same
 * id, which Redis, or else the ledger, takes for what they are.
 */
export function startRelay(options: RelayOptions): Relay {
  const { databaseUrl, log, pollMs = 5_000 } = options;
  const periodic = startPeriodic({
    task: "relay",
    everyMs: pollMs,
    work: async (signal) => relayAll(options, signal),
    log,
  });
  const listener = listen({
    databaseUrl,
    channel: "job_requests",
    onNotify: periodic.wake,
    onError: (error) => log.warn({ err: error }, "relay does not hear of requests; it polls"),
  });
  return {
    close: async () => {
      await listener.close();
      await periodic.close();
    },
  };
}

async function relayAll(
  { database, queues, batchSize = 500 }: RelayOptions,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const sent = await database.transaction(async (manager) => {
      const requests = await lockUnsentRequests(manager, batchSize);
      if (requests.length === 0) return 0;
      await addWantedJobs(queues, requests);
      const ids = requests.map((request) => request.id);
      await markSent(manager, ids);
      return requests.length;
    });
    if (sent === 0) return;
  }
}
