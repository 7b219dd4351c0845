import { saveResource } from "../../cli/resources.ts";
import type { Hold } from "../../local/terraform/faults.ts";
import { enqueue } from "../../queues/enqueue.ts";
import type { ProcessIdentity } from "../../terraform/process-identity.ts";
import { takeOver } from "../../terraform/work-directory.ts";
import type { TestWorld } from "./test-world.ts";
import { until } from "./until.ts";

/** The credential a job works with. */
interface Owned {
  userId: number;
  credentialId: number;
}

/** Starts a sync of AWS whose worker has written something and asks for a page that it never gets. */
export async function holdSync(world: TestWorld, payload: Owned): Promise<string> {
  const operation = "ec2:DescribeVolumes";
  const region = "eu-west-1";
  world.aws.faults.push({ operation, region, times: 1, effect: { kind: "hang" } });
  const jobId = await enqueue(world.queues.sync, "sync", payload);
  await until(
    async () => {
      const [row] = await world.database.query("SELECT count(*)::int FROM resource_inventory");
      return row.count > 0 && hangs(world, operation);
    },
    { what: "the sync has written something and waits for a page" },
  );
  return jobId;
}

/** Starts an ingest of AWS costs whose worker never gets the costs. */
export async function holdCosts(world: TestWorld, payload: Owned): Promise<string> {
  const operation = "ce:GetCostAndUsage";
  world.aws.faults.push({ operation, times: 1, effect: { kind: "hang" } });
  const jobId = await enqueue(world.queues["cost-ingest"], "cost-ingest", payload);
  await until(() => hangs(world, operation), { what: "the ingest waits for costs" });
  return jobId;
}

function hangs(world: TestWorld, operation: string): boolean {
  return world.aws.faults.callsOf(operation).some(({ effect }) => effect === "hang");
}

/** Starts a health check whose worker has the cloud's answer and cannot write it until `release`. */
export async function holdHealthCheck(
  world: TestWorld,
  payload: Owned,
): Promise<{ jobId: string; release(): Promise<void> }> {
  const lock = world.database.createQueryRunner();
  await lock.startTransaction();
  await lock.query("LOCK TABLE provider_health IN ACCESS EXCLUSIVE MODE");
  const jobId = await enqueue(world.queues["health-check"], "health-check", payload);
  await until(
    async () => {
      const waiting: unknown[] = await world.database.query(
        "SELECT 1 FROM pg_locks WHERE relation = 'provider_health'::regclass AND NOT granted",
      );
      return waiting.length > 0;
    },
    { what: "the check wants to write its result" },
  );
  const release = async (): Promise<void> => {
    await lock.commitTransaction();
    await lock.release();
  };
  return { jobId, release };
}

/** An apply in the middle of the creation of one resource. */
export interface HeldApply {
  jobId: string;
  resourceId: number;
  hold: Hold;
  /** The terraform that waits. */
  process: ProcessIdentity;
}

/** Starts an apply of a network; terraform waits while the resource of this type is being created. */
export async function holdApply(
  world: TestWorld,
  owner: { user: number; provider: string; region: string },
  type: string,
): Promise<HeldApply> {
  const { user, provider, region } = owner;
  const wanted = { user, provider, type: "network", name: "held", spec: { region } };
  const resourceId = await saveResource(world.database, wanted);
  const hold = world.terraform.faults.hold({ type, action: "create" });
  const payload = { userId: user, resourceId, action: "apply" } as const;
  const jobId = await enqueue(world.queues["terraform-apply"], "terraform-apply", payload);
  await hold.reached;
  const [run] = await world.database.query(
    "SELECT process->>'directory' AS directory FROM terraform_runs WHERE resource_id = $1",
    [resourceId],
  );
  const process = await takeOver(run.directory);
  if (!process) throw new Error("no terraform runs");
  return { jobId, resourceId, hold, process };
}
