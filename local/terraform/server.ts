import { fileURLToPath } from "node:url";
import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { type AnyDefinition, loadSync, type ServiceDefinition } from "@grpc/proto-loader";
import { FakeCloud } from "./cloud.ts";
import { Faults } from "./faults.ts";
import { FakeProvider } from "./provider.ts";
import type { ProviderSchema } from "./schema.ts";
import { awsSchema } from "./schemas/aws.ts";
import { azurermSchema } from "./schemas/azurerm.ts";
import { googleSchema } from "./schemas/google.ts";

export interface FakeProviders {
  /** Value of TF_REATTACH_PROVIDERS that makes terraform use these providers. */
  reattach: string;
  cloud: FakeCloud;
  faults: Faults;
  close: () => void;
}

const schemas = [awsSchema, azurermSchema, googleSchema];

/**
 * Starts the providers aws, azurerm and google as servers on the loopback interface, one cloud behind them.
 * The real terraform or tofu plans and applies against them without network or accounts.
 */
export async function startFakeProviders(): Promise<FakeProviders> {
  const cloud = new FakeCloud();
  const faults = new Faults();
  const servers: Server[] = [];
  const reattach: Record<string, object> = {};
  for (const schema of schemas) {
    const { server, address } = await serve(schema, new FakeProvider(schema, cloud, faults));
    servers.push(server);
    reattach[schema.source] = {
      Protocol: "grpc",
      ProtocolVersion: 5,
      Pid: process.pid,
      // Terraform would kill the process otherwise.
      Test: true,
      Addr: { Network: "tcp", String: address },
    };
  }
  const close = () => {
    for (const server of servers) server.forceShutdown();
  };
  return { reattach: JSON.stringify(reattach), cloud, faults, close };
}

async function serve(
  schema: ProviderSchema,
  provider: FakeProvider,
): Promise<{ server: Server; address: string }> {
  const server = new Server();
  server.addService(serviceDefinition(), {
    GetSchema: unary(() => provider.getSchema()),
    PrepareProviderConfig: unary((request: { config: object }) => ({
      prepared_config: request.config,
    })),
    ValidateResourceTypeConfig: unary(() => ({})),
    ValidateDataSourceConfig: unary(() => ({})),
    UpgradeResourceState: unary(provider.upgrade.bind(provider)),
    Configure: unary(provider.configure.bind(provider)),
    ReadResource: unary(provider.read.bind(provider)),
    PlanResourceChange: unary(provider.plan.bind(provider)),
    ApplyResourceChange: unary(provider.apply.bind(provider)),
    ImportResourceState: unary(provider.importState.bind(provider)),
    ReadDataSource: unary(provider.readData.bind(provider)),
    Stop: unary((_request: object, client) => provider.stop(client)),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(new Error(`cannot serve ${schema.source}`, { cause: error }));
      else resolve(bound);
    });
  });
  return { server, address: `127.0.0.1:${port}` };
}

/** A handler of one request. The port of the peer tells terraform processes apart. */
function unary<Request>(
  answer: (request: Request, client: string) => object | Promise<object>,
): handleUnaryCall<Request, object> {
  const respond = async (
    call: ServerUnaryCall<Request, object>,
    callback: sendUnaryData<object>,
  ): Promise<void> => {
    try {
      callback(null, await answer(call.request, call.getPeer()));
    } catch (error) {
      callback(error instanceof Error ? error : new Error("the provider failed", { cause: error }));
    }
  };
  return (call, callback) => void respond(call, callback);
}

function serviceDefinition(): ServiceDefinition {
  const path = fileURLToPath(new URL("provider.proto", import.meta.url));
  const definition = loadSync(path, {
    keepCase: true,
    longs: Number,
    enums: String,
    defaults: true,
  });
  const service = definition["tfplugin5.Provider"];
  if (!service || !isService(service)) throw new Error(`${path} defines no service`);
  return service;
}

function isService(definition: AnyDefinition): definition is ServiceDefinition {
  return !("format" in definition);
}
