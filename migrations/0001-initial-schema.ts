import type { MigrationInterface, QueryRunner } from "typeorm";

/** The owner's schema (schema.md §6.1) to the letter, and the index on `cost_data.service` that its §3.4 lists. */
const statements = [
  `CREATE TABLE users (
    id SERIAL PRIMARY KEY,
    email VARCHAR(255) UNIQUE NOT NULL,
    hashed_password VARCHAR(255) NOT NULL,
    full_name VARCHAR(255),
    created_at TIMESTAMP DEFAULT NOW()
)`,
  `CREATE TABLE credentials (
    id SERIAL PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    provider VARCHAR(50) NOT NULL,
    name VARCHAR(255),
    access_key TEXT,
    secret_key TEXT,
    tenant_id TEXT,
    client_id TEXT,
    client_secret TEXT,
    subscription_id TEXT,
    service_account_json TEXT,
    project_id VARCHAR(255),
    region VARCHAR(100),
    is_active BOOLEAN DEFAULT TRUE,
    created_at TIMESTAMP DEFAULT NOW()
)`,
  `CREATE INDEX idx_credentials_user_id ON credentials(user_id)`,
  `CREATE INDEX idx_credentials_provider ON credentials(provider)`,
  `CREATE TABLE resource_inventory (
    id SERIAL PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    resource_id VARCHAR(255) UNIQUE NOT NULL,
    resource_name VARCHAR(255),
    resource_type VARCHAR(50) NOT NULL,
    provider VARCHAR(50) NOT NULL,
    region VARCHAR(100),
    status VARCHAR(50),
    metadata JSONB,
    created_at TIMESTAMP DEFAULT NOW(),
    last_synced TIMESTAMP DEFAULT NOW()
)`,
  `CREATE INDEX idx_resource_inventory_user_id ON resource_inventory(user_id)`,
  `CREATE INDEX idx_resource_inventory_resource_type ON resource_inventory(resource_type)`,
  `CREATE INDEX idx_resource_inventory_provider ON resource_inventory(provider)`,
  `CREATE INDEX idx_resource_inventory_status ON resource_inventory(status)`,
  `CREATE INDEX idx_resource_inventory_last_synced ON resource_inventory(last_synced)`,
  `CREATE TABLE cost_data (
    id SERIAL PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    provider VARCHAR(50) NOT NULL,
    service VARCHAR(255),
    resource_id VARCHAR(255),
    cost DECIMAL(10, 2) NOT NULL,
    currency VARCHAR(10) DEFAULT 'USD',
    date DATE NOT NULL,
    billing_period VARCHAR(10),
    metadata JSONB,
    created_at TIMESTAMP DEFAULT NOW()
)`,
  `CREATE INDEX idx_cost_data_user_id ON cost_data(user_id)`,
  `CREATE INDEX idx_cost_data_provider ON cost_data(provider)`,
  `CREATE INDEX idx_cost_data_service ON cost_data(service)`,
  `CREATE INDEX idx_cost_data_date ON cost_data(date)`,
  `CREATE INDEX idx_cost_data_billing_period ON cost_data(billing_period)`,
  `CREATE TABLE provider_health (
    id SERIAL PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    provider VARCHAR(50) NOT NULL,
    status VARCHAR(50) NOT NULL,
    response_time_ms INTEGER,
    error_message TEXT,
    last_check TIMESTAMP DEFAULT NOW()
)`,
  `CREATE INDEX idx_provider_health_user_id ON provider_health(user_id)`,
  `CREATE INDEX idx_provider_health_provider ON provider_health(provider)`,
  `CREATE INDEX idx_provider_health_last_check ON provider_health(last_check)`,
  `CREATE TABLE resources (
    id SERIAL PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    name VARCHAR(255) NOT NULL,
    provider VARCHAR(50) NOT NULL,
    type VARCHAR(50) NOT NULL,
    status VARCHAR(50) DEFAULT 'pending',
    details TEXT,
    terraform_output JSONB,
    created_at TIMESTAMP DEFAULT NOW(),
    updated_at TIMESTAMP DEFAULT NOW()
)`,
  `CREATE INDEX idx_resources_user_id ON resources(user_id)`,
  `CREATE INDEX idx_resources_status ON resources(status)`,
  `CREATE TABLE terraform_states (
    id SERIAL PRIMARY KEY,
    resource_id INTEGER NOT NULL REFERENCES resources(id) ON DELETE CASCADE,
    state_data JSONB NOT NULL,
    version INTEGER DEFAULT 1,
    created_at TIMESTAMP DEFAULT NOW()
)`,
  `CREATE INDEX idx_terraform_states_resource_id ON terraform_states(resource_id)`,
];

export class InitialSchema implements MigrationInterface {
  readonly name = "InitialSchema1763856000001";

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      "DROP TABLE terraform_states, resources, provider_health, cost_data, resource_inventory, credentials, users",
    );
  }
}
