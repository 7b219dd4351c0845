import express, { type Response, type Router } from "express";
import { z } from "zod";
import { type FaultScript, faultRuleSchema } from "./faults.ts";

const rulesSchema = z.preprocess(
  (body) => (Array.isArray(body) ? body : [body]),
  z.array(faultRuleSchema),
);
const latencySchema = z.strictObject({ latencyMs: z.number().nonnegative() });

/**
 * Lets another process steer a simulated cloud; mount it at `/_simulation` before the cloud's own routes.
 * `POST /faults` (one rule or a list), `DELETE /faults`, `PUT /latency` (`{"latencyMs": 50}`), `GET /calls`,
 * `DELETE /calls`. A body that is no rule answers 400 with the failing paths. Each cloud adds its state routes.
 */
export function controlRouter(faults: FaultScript): Router {
  const router = express.Router();
  router.use(express.json());
  router.post("/faults", (request, response) => {
    const rules = rulesSchema.safeParse(request.body);
    if (rules.success) faults.push(...rules.data);
    answer(response, rules.error);
  });
  router.delete("/faults", (_request, response) => {
    faults.clear();
    response.status(204).end();
  });
  router.put("/latency", (request, response) => {
    const latency = latencySchema.safeParse(request.body);
    if (latency.success) faults.latencyMs = latency.data.latencyMs;
    answer(response, latency.error);
  });
  router.get("/calls", (_request, response) => void response.json(faults.calls));
  router.delete("/calls", (_request, response) => {
    faults.forget();
    response.status(204).end();
  });
  return router;
}

function answer(response: Response, error: z.ZodError | undefined): void {
  if (error === undefined) response.status(204).end();
  else response.status(400).json({ error: z.prettifyError(error) });
}
