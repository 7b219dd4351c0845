import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
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
