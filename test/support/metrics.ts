/** Reads one value of `/metrics` of a process; NaN when there is none. `sample` is as Prometheus writes it: `name{label="value"}`. */
export async function readMetric(url: string, sample: string): Promise<number> {
  const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(10_000) });
  const line = (await response.text()).split("\n").find((text) => text.startsWith(`${sample} `));
  return Number(line?.slice(sample.length) ?? Number.NaN);
}
