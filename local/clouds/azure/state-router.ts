import express, { type Router } from "express";
import { z } from "zod";
import { type AzureState, findSubscription, putResource, removeResource } from "./state.ts";

const resourceSchema = z.object({
  id: z.string().startsWith("/subscriptions/"),
  name: z.string(),
  type: z.string(),
  location: z.string().optional(),
  tags: z.record(z.string(), z.string()).optional(),
  sku: z.object({ name: z.string() }).optional(),
  kind: z.string().optional(),
  managedBy: z.string().optional(),
  powerState: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
});
const subscriptionChange = z.strictObject({
  state: z.enum(["Enabled", "Warned", "PastDue", "Disabled", "Deleted"]),
});
const appChange = z.strictObject({ secretState: z.enum(["valid", "expired"]) });

/**
 * Lets another process change what the simulated Azure knows; mounted at `/_simulation`. `PUT /resources` (an ARM
 * body, VMs with `powerState`), `DELETE /resources?id=…`, `PATCH /subscriptions/<id>` (`{"state":"Warned"}`),
 * `PATCH /apps/<client id>` (`{"secretState":"expired"}`).
 */
export function stateRouter(state: AzureState): Router {
  const router = express.Router();
  router.use(express.json());
  router.put("/resources", (request, response) => {
    const { data } = resourceSchema.safeParse(request.body);
    if (data) putResource(state, data);
    response.status(data ? 204 : 400).end();
  });
  router.delete("/resources", (request, response) => {
    const { id } = request.query;
    const removed = typeof id === "string" && removeResource(state, id);
    response.status(removed ? 204 : 404).end();
  });
  router.patch("/subscriptions/:id", (request, response) => {
    const subscription = findSubscription(state, request.params.id);
    const { data } = subscriptionChange.safeParse(request.body);
    if (subscription !== undefined && data) subscription.state = data.state;
    response.status(subscription !== undefined && data ? 204 : 400).end();
  });
  router.patch("/apps/:clientId", (request, response) => {
    const app = state.apps.find(({ clientId }) => clientId === request.params.clientId);
    const { data } = appChange.safeParse(request.body);
    if (app !== undefined && data) app.secretState = data.secretState;
    response.status(app !== undefined && data ? 204 : 400).end();
  });
  return router;
}
