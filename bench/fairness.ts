import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRedis } from "../local/redis.ts";
import { openRedis } from "../runtime/redis.ts";
import { measureWaits, orders } from "./measure-waits.ts";

/**
 * How long a quiet user's jobs wait behind those of a loud one. One worker, jobs of 1 ms, all in one run: the share of
 * what plain order of arrival gives is what counts, the machine cancels out.
 * `npx tsx bench/fairness.ts [loud jobs] [quiet jobs]`.
 */
const loud = Number(process.argv[2] ?? 10_000);
const quiet = Number(process.argv[3] ?? 10);

const folder = await mkdtemp(join(tmpdir(), "multicloud-bench-"));
const server = await startRedis({ folder, temporary: true });
const redis = openRedis(server.url, () => {});
try {
  const lines = [`${loud} loud and ${quiet} quiet jobs, milliseconds:`];
  let arrival = Number.NaN;
  for (const order of orders) {
    const { p50, p95, total } = await measureWaits(redis, order, {
      loud,
      quiet,
      jobMs: 1,
      concurrency: 4,
    });
    if (order === "arrival") arrival = p95;
    const share = ((p95 / arrival) * 100).toFixed(1);
    const figures = `p50 ${p50.toFixed(0)}, p95 ${p95.toFixed(0)} (${share} %)`;
    lines.push(`${order}: ${figures}, all ${total.toFixed(0)}`);
  }
  process.stdout.write(`${lines.join("\n")}\n`);
} finally {
  redis.disconnect();
  await server.close();
  await rm(folder, { recursive: true, force: true });
}
