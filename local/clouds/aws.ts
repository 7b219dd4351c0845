import { once } from "node:events";
import { createServer } from "node:http";
import express, { type NextFunction, type Request, type Response } from "express";
import { ZodError, z } from "zod";
import { Accounts } from "./aws/account.ts";
import { handle } from "./aws/handle.ts";
import { stateRouter } from "./aws/state-routes.ts";
import { controlRouter } from "./control.ts";
import { FaultScript } from "./faults.ts";

export interface AwsOptions {
  /** 0, the default, takes any free port. */
  port?: number;
  /** No page of a listing is larger than this, so that small accounts have many pages; 10,000 if absent. */
  largestPage?: number;
}

/** A running simulated AWS. */
export interface SimulatedAws {
  /** `http://127.0.0.1:<port>`; the endpoint of every service in every region. */
  url: string;
  accounts: Accounts;
  /** What goes wrong, and the log of all calls. */
  faults: FaultScript;
  /** Stops at once, open connections included. */
  close(): Promise<void>;
}

/**
 * Starts AWS on this machine: EC2, S3, STS and Cost Explorer in their own wire protocols over plain HTTP. Requests
 * are told apart by the credential scope of their signature, which is verified.
 */
export async function startAws(options: AwsOptions = {}): Promise<SimulatedAws> {
  const accounts = new Accounts();
  const faults = new FaultScript();
  const world = { accounts, faults, largestPage: options.largestPage ?? 10_000 };
  const app = express();
  app.use("/_simulation", controlRouter(faults), stateRouter(accounts), refuseMalformed);
  app.use(express.raw({ type: () => true, limit: "1mb" }));
  app.use((request, response) => handle(world, request, response));
  const server = createServer(app);
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    accounts,
    faults,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Bodies of the control routes are checked by schemas; what they find is the sender's to mend. */
function refuseMalformed(
  error: unknown,
  _request: Request,
  response: Response,
  next: NextFunction,
): void {
  if (error instanceof ZodError) response.status(400).json({ error: z.prettifyError(error) });
  else next(error);
}
