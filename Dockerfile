# The workers' image: every process is the same image with another command (worker, scheduler, api, migrate).
# Terraform is under the Business Source License: `--target without-terraform` leaves it out, and another image, such as one
# with OpenTofu, is named by `--build-arg TERRAFORM_IMAGE=… --build-arg TERRAFORM_PATH=…`.
ARG NODE_IMAGE=node:20-bookworm-slim
ARG TERRAFORM_IMAGE=hashicorp/terraform:1.11.4

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Not `npm ci`: it refuses a lock that lacks optional binaries of other platforms.
RUN npm install --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm install --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force

FROM ${TERRAFORM_IMAGE} AS terraform

FROM ${NODE_IMAGE} AS without-terraform
# terraform needs the system's certificates; tini reaps what terraform leaves behind when it is interrupted.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates tini \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o node -g node /var/lib/multicloud/terraform /var/lib/multicloud/cost-files
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
ENV NODE_ENV=production \
    HEALTH_PORT=9090 \
    TERRAFORM_WORK_DIR=/var/lib/multicloud/terraform \
    COST_FILES_DIR=/var/lib/multicloud/cost-files
USER 1000:1000
ENTRYPOINT ["tini", "--", "node", "--enable-source-maps", "dist/cli/main.js"]
CMD ["worker"]
# Liveness, not readiness: a restart does not help when PostgreSQL or Redis is away.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HEALTH_PORT}/livez`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

FROM without-terraform AS with-terraform
ARG TERRAFORM_PATH=/bin/terraform
COPY --from=terraform ${TERRAFORM_PATH} /usr/local/bin/
