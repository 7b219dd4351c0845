import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import express from "express";
import { controlRouter } from "../control.ts";
import { FaultScript, type RecordedCall } from "../faults.ts";
import { type AzureWorld, authorityRouter } from "./authority.ts";
import { makeCertificate } from "./certificate.ts";
import { resourceManagerRouter } from "./resource-manager.ts";
import type { AzureState } from "./state.ts";
import { stateRouter } from "./state-router.ts";
import { TokenLedger } from "./tokens.ts";

export interface AzureOptions {
  /** What it knows at the start; kept by reference, so that changing it changes the answers. */
  state: AzureState;
  /** Longest page of a list; 100 if absent (the real one answers up to 1,000). */
  pageSize?: number;
  /** Ephemeral if absent. */
  port?: number;
}

/** A simulated Azure that answers on loopback. */
export interface SimulatedAzure {
  /** https origin of Azure Resource Manager. */
  url: string;
  /** https origin of the authority. */
  authorityUrl: string;
  /** PEM that makes the server trusted: `endpoints.azure.certificateAuthority`, or a file in `NODE_EXTRA_CA_CERTS`. */
  certificateAuthority: string;
  state: AzureState;
  faults: FaultScript;
  /** Every call, oldest first; `faults.calls`. */
  calls: RecordedCall[];
  /** Drops all connections and stops listening. */
  close(): Promise<void>;
}

/** Starts a simulated Azure: authority and Resource Manager on one https server at 127.0.0.1. */
export async function startAzure({
  state,
  pageSize = 100,
  port = 0,
}: AzureOptions): Promise<SimulatedAzure> {
  const { key, certificate } = await makeCertificate();
  const faults = new FaultScript();
  let url = "";
  const world: AzureWorld = { state, faults, tokens: new TokenLedger(), origin: () => url };
  const server = createServer({ key, cert: certificate }, application(world, pageSize));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  url = `https://127.0.0.1:${portOf(server.address())}`;
  return {
    url,
    authorityUrl: url,
    certificateAuthority: certificate,
    state,
    faults,
    calls: faults.calls,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string")
    throw new TypeError("The server has no port");
  return address.port;
}

function application(world: AzureWorld, pageSize: number): express.Express {
  const app = express();
  app.use("/_simulation", controlRouter(world.faults), stateRouter(world.state));
  app.use(resourceManagerRouter(world, pageSize));
  app.use(authorityRouter(world));
  app.use((request, response) => {
    const message = `The simulation has no ${request.method} ${request.path}.`;
    response.status(404).json({ error: { code: "InvalidResourceType", message } });
  });
  return app;
}
