import type { ChangeCounts, Diagnostic, Message, Operation } from "./parse-message.ts";

/** Enough to see why a run ended as it did; not a copy of the log of hundreds of resources. */
const longestTail = 200;
const longestLine = 1_000;

/** The end of a run's log as people read it. */
export class LogTail {
  readonly #lines: string[] = [];

  add(message: Message): void {
    const line = describe(message);
    if (line === null || line.trim() === "") return;
    this.#lines.push(line.slice(0, longestLine));
    if (this.#lines.length > longestTail) this.#lines.shift();
  }

  get text(): string {
    return this.#lines.join("\n");
  }
}

/** A message in one line; null for what repeats itself. */
function describe(message: Message): string | null {
  switch (message.type) {
    case "text":
      return message.text;
    case "diagnostic":
      return describeDiagnostic(message.diagnostic);
    case "apply_start":
      return `${message.hook.address}: ${message.hook.action} begins`;
    case "apply_complete":
      return `${described(message.hook, "complete")}${message.hook.id === null ? "" : ` [id=${message.hook.id}]`}`;
    case "apply_errored":
      return described(message.hook, "failed");
    case "change_summary":
      return describeChanges(message.changes);
    case "planned_change":
    case "resource_drift":
    case "apply_progress":
      break;
  }
  return null;
}

function described({ address, action, elapsedSeconds }: Operation, end: string): string {
  return `${address}: ${action} ${end} after ${elapsedSeconds}s`;
}

function describeDiagnostic({ severity, summary, detail, address }: Diagnostic): string {
  const where = address === undefined ? "" : ` (${address})`;
  return `${severity}: ${[summary, detail].filter((text) => text !== "").join(": ")}${where}`;
}

function describeChanges(changes: { operation: string; counts: ChangeCounts }): string {
  const { add, change, remove } = changes.counts;
  return `Terraform ${changes.operation} completed successfully: add ${add}, change ${change}, destroy ${remove}`;
}
