import { createBullBoard } from "@bull-board/api";
import { ExpressAdapter } from "@bull-board/express";
import type { Express, RequestHandler } from "express";
import { queueNames } from "../queues/contract.ts";
import type { Queues } from "../queues/open-queues.ts";
import { redacted, redactText } from "../runtime/redact.ts";
import { BoardQueue, type CancelJobs } from "./board-queue.ts";
import type { Role } from "./logins.ts";

/** Seconds between two refreshes of an open dashboard; bull-board's default. Every refresh costs Redis a few reads. */
const refreshSeconds = 5;

/** The dashboard of one role, to be mounted at `path`. */
export function dashboard(
  queues: Queues,
  cancel: CancelJobs,
  path: string,
  role: Role,
): RequestHandler {
  const adapter = new ExpressAdapter();
  adapter.setBasePath(path);
  const boardQueues = queueNames.map(
    (name) => new BoardQueue(queues[name], { readOnly: role === "viewer", cancel }),
  );
  createBullBoard({
    queues: boardQueues,
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: "multicloud-workers",
        hideRedisDetails: true,
        pollingInterval: { forceInterval: refreshSeconds },
        miscLinks: role === "viewer" ? [{ text: "Sign in as operator", url: "/operator" }] : [],
      },
      handlerHooks: {
        before: ({ request }) => {
          // What was taken out for display would be lost for good if it came back with an edit.
          const isMasked = JSON.stringify(request.body ?? null).includes(redacted);
          if (!isMasked) return undefined;
          return { allow: false, status: 409, message: `The text contains ${redacted}.` };
        },
        // Formatters do not reach error messages, stack traces and logs of jobs.
        after: (_, result) => ({
          ...result,
          body: JSON.parse(JSON.stringify(result.body), redactAny),
        }),
      },
    },
  });
  const board: Express = adapter.getRouter();
  return board.disable("x-powered-by");
}

function redactAny(_: string, value: unknown): unknown {
  return typeof value === "string" ? redactText(value) : value;
}
