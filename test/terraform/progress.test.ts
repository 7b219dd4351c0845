import { expect } from "chai";
import { describe, it } from "mocha";
import type { Message } from "../../terraform/parse-message.ts";
import { RunProgress } from "../../terraform/progress.ts";

type HookType = "apply_start" | "apply_progress" | "apply_complete" | "apply_errored";

function planned(name: string, action = "create"): Message {
  return {
    type: "planned_change",
    change: { resource: { address: name, type: "aws_vpc" }, action },
  };
}

function hook(type: HookType, name: string, action = "create", elapsedSeconds = 0): Message {
  const operation = { address: name, type: "aws_vpc", action, elapsedSeconds };
  return { type, hook: { ...operation, id: type === "apply_complete" ? `id-${name}` : null } };
}

function applying(...messages: Message[]): RunProgress {
  const progress = new RunProgress();
  progress.enter("apply");
  for (const message of messages) progress.add(message);
  return progress;
}

describe("RunProgress", () => {
  it("gives each stage its part of the percentage", () => {
    const progress = new RunProgress();
    const seen = [progress.percent];

    for (const stage of ["init", "plan", "apply"] as const) {
      progress.enter(stage);
      seen.push(progress.percent);
    }
    progress.finish();

    expect([...seen, progress.percent]).to.deep.equal([0, 5, 15, 30, 100]);
  });

  it("spreads the apply over the planned operations", () => {
    const progress = applying(planned("a"), planned("b"));

    progress.add(hook("apply_start", "a"));
    progress.add(hook("apply_complete", "a"));

    expect(progress.percent).to.equal(62);
    progress.add(hook("apply_complete", "b"));
    expect(progress.percent).to.equal(95);
  });

  it("counts a replacement as two operations", () => {
    const progress = applying(planned("a", "replace"), hook("apply_complete", "a", "delete"));

    expect(progress.percent).to.equal(62);
  });

  it("moves while an operation takes long, but never to its end", () => {
    const progress = applying(planned("a"), hook("apply_start", "a"));
    const before = progress.percent;

    progress.add(hook("apply_progress", "a", "create", 10));
    const between = progress.percent;
    progress.add(hook("apply_progress", "a", "create", 10_000));

    expect(between).to.be.greaterThan(before);
    expect(progress.percent).to.be.lessThan(95).and.greaterThan(between);
  });

  it("never falls when an operation fails", () => {
    const progress = applying(planned("a"), hook("apply_progress", "a", "create", 10));
    const before = progress.percent;

    progress.add(hook("apply_errored", "a"));

    expect(progress.percent).to.equal(before);
    expect(progress.inFlight.size).to.equal(0);
  });

  it("knows what is in flight and what was created", () => {
    const messages = [
      hook("apply_start", "a"),
      hook("apply_start", "b"),
      hook("apply_complete", "a"),
    ];

    const progress = applying(...messages);

    expect([...progress.inFlight.keys()]).to.deep.equal(["b"]);
    expect(progress.created).to.deep.equal([{ address: "a", type: "aws_vpc", id: "id-a" }]);
  });

  it("does not count reads of data sources as work", () => {
    const progress = applying(planned("a"), hook("apply_complete", "data", "read"));

    expect(progress.percent).to.equal(30);
    expect(progress.created).to.deep.equal([]);
  });

  it("keeps what a provider began and never answered, but not what it refused", () => {
    const lost = { severity: "error", summary: "Plugin did not respond", detail: "" } as const;
    const refused = { severity: "error", summary: "AccessDenied", detail: "" } as const;
    const progress = applying(
      hook("apply_errored", "a"),
      hook("apply_errored", "b"),
      hook("apply_errored", "c", "read"),
      { type: "diagnostic", diagnostic: { ...refused, address: "a" } },
      { type: "diagnostic", diagnostic: { ...lost, address: "b" } },
      { type: "diagnostic", diagnostic: { ...lost, address: "c" } },
    );

    expect(progress.unanswered.map(({ address }) => address)).to.deep.equal(["b", "c"]);
  });
});
