import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DataSource } from "typeorm";
import type { Pass } from "../../workers/circuit-breaker.ts";
import type { Handlers } from "../../workers/handler.ts";
import type { Services } from "../../workers/services.ts";

const never = async () => Promise.reject(new Error("not in this test"));
/** Handlers that fail; a test brings those it needs. */
export const noHandlers: Handlers = {
  sync: never,
  "cost-ingest": never,
  "health-check": never,
  "terraform-apply": never,
};

/** The way through a closed circuit that nobody watches. */
const closedCircuit: Pass = {
  isCanary: false,
  answered: async () => {},
  failed: async () => {},
  leave: async () => {},
};

/** Services for handlers in tests; what a test does not bring fails when it is used. */
export function testServices(database: DataSource, own: Partial<Services> = {}): Services {
  const missing = (): never => {
    throw new Error("this test brings no such service");
  };
  return {
    database,
    openProvider: async () => missing(),
    enterCircuit: async () => closedCircuit,
    secrets: { open: missing, seal: missing, isCurrent: missing },
    terraform: {
      binary: undefined,
      workDirectory: join(tmpdir(), "multicloud-test-runs"),
      providerMirror: null,
      reattachProviders: undefined,
    },
    costFilesDirectory: undefined,
    syncTouchAfterSeconds: 0,
    ...own,
  };
}
