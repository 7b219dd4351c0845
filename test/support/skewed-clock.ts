/** Loaded before a program (`--import`): its clock is CLOCK_SKEW_MS ahead, or behind if negative, of the machine's. */
const skewMs = Number(process.env["CLOCK_SKEW_MS"] ?? 0);
const RealDate = Date;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, newTarget) => {
    const moment = given.length === 0 ? [RealDate.now() + skewMs] : given;
    return Reflect.construct(target, moment, newTarget);
  },
  get: (target, name) =>
    name === "now" ? () => RealDate.now() + skewMs : Reflect.get(target, name),
});
