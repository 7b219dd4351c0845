import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { readVersion } from "./version.ts";

/** The metrics of a process, to begin with those of Node and `mcw_build_info`. `role` is worker, scheduler or api. */
export function openMetrics(role: string): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: "mcw_build_info",
    help: "Always 1; the labels say what runs.",
    labelNames: ["version", "node", "role"],
    registers: [registry],
  }).set({ version: readVersion(), node: process.version, role }, 1);
  return registry;
}

/** One value of a gauge. */
export interface Sample {
  labels: Record<string, string>;
  value: number;
}

export interface GaugeOptions {
  name: string;
  help: string;
  labelNames: string[];
  /** Called whenever metrics are asked for. */
  read: () => Promise<Sample[]>;
}

/** The longest a source may take, within the 10 s that Prometheus waits for all metrics. */
const readTimeoutMs = 4_000;

/**
 * Adds a gauge that is read when it is asked for. A source that fails or takes too long leaves its gauge without values
 * and counts in `mcw_metrics_failures_total{metric}`; the other metrics are told all the same.
 */
export function addGauge(registry: Registry, { name, help, labelNames, read }: GaugeOptions): void {
  const failures = failureCounter(registry);
  failures.inc({ metric: name }, 0);
  const collect = async (): Promise<void> => {
    gauge.reset();
    try {
      for (const { labels, value } of await withTimeout(read())) gauge.set(labels, value);
    } catch {
      failures.inc({ metric: name });
    }
  };
  const gauge: Gauge = new Gauge({ name, help, labelNames, registers: [registry], collect });
}

function failureCounter(registry: Registry): Counter {
  const name = "mcw_metrics_failures_total";
  const existing = registry.getSingleMetric(name);
  if (existing instanceof Counter) return existing;
  const help = "Metrics that could not be read.";
  return new Counter({ name, help, labelNames: ["metric"], registers: [registry] });
}

async function withTimeout<T>(reading: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("took too long")), readTimeoutMs);
  });
  try {
    return await Promise.race([reading, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
