import { createServer } from "node:http";
import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import express from "express";
import { type QueueName, queueNames } from "../../queues/contract.ts";
import type { Queues } from "../../queues/open-queues.ts";

export interface Dashboard {
  /** HTTP status of the list of a queue's jobs in one state, `latest` for all. */
  statusOf(queue: QueueName, state: string): Promise<number>;
  close(): Promise<void>;
}

/** A bull-board over the queues on a free port. */
export async function openDashboard(queues: Queues): Promise<Dashboard> {
  const adapter = new ExpressAdapter();
  adapter.setErrorHandler((error) => ({ status: 500, body: String(error) }));
  createBullBoard({
    queues: queueNames.map((name) => new BullMQAdapter(queues[name])),
    serverAdapter: adapter,
  });
  const app = express();
  app.use("/", adapter.getRouter());
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    statusOf: async (queue, state) => {
      const query = `activeQueue=${queue}&status=${state}&page=1&jobsPerPage=50`;
      const response = await fetch(`http://127.0.0.1:${address.port}/api/queues?${query}`);
      await response.arrayBuffer();
      return response.status;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
