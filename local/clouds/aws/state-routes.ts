import express, { type Response, type Router } from "express";
import { z } from "zod";
import type { Accounts } from "./account.ts";
import { fillAccount, fillCosts } from "./generate.ts";

const accountSchema = z.strictObject({
  accessKey: z.string().min(1),
  secretKey: z.string().min(1),
  accountId: z.string().regex(/^\d{12}$/),
  regions: z.array(z.string()).min(1),
});
const keySchema = z.strictObject({ revoked: z.boolean() });
const resourcesSchema = z.strictObject({
  seed: z.number().int(),
  count: z.number().int().positive().max(1_000_000),
});
const costsSchema = z.strictObject({
  seed: z.number().int(),
  start: z.iso.date(),
  days: z.number().int().positive().max(3_660),
});

/**
 * Lets another process change what the accounts hold: `POST /accounts` (opens one), `PUT /keys/:accessKey`
 * (`{"revoked": true}`), `POST /accounts/:accountId/resources` and `/costs` (generates more of them).
 */
export function stateRouter(accounts: Accounts): Router {
  const router = express.Router();
  router.use(express.json());
  router.post("/accounts", (request, response) => {
    accounts.open(accountSchema.parse(request.body));
    response.status(204).end();
  });
  router.put("/keys/:accessKey", (request, response) => {
    const { revoked } = keySchema.parse(request.body);
    const found = accounts.find(request.params.accessKey);
    if (found) found.key.revoked = revoked;
    answer(response, found);
  });
  router.post("/accounts/:accountId/resources", (request, response) => {
    const account = accounts.get(request.params.accountId);
    if (account) fillAccount(account, resourcesSchema.parse(request.body));
    answer(response, account);
  });
  router.post("/accounts/:accountId/costs", (request, response) => {
    const account = accounts.get(request.params.accountId);
    if (account) fillCosts(account, costsSchema.parse(request.body));
    answer(response, account);
  });
  return router;
}

function answer(response: Response, found: object | undefined): void {
  response.status(found ? 204 : 404).end();
}
