locals {
  # Letters, digits and hyphens are allowed in the names of all Azure resources of this module.
  name = trim(substr(replace(var.name, "/[^a-zA-Z0-9-]+/", "-"), 0, 64), "-")

  # 3 to 24 of a-z and 0-9, unique in all of Azure.
  account = substr(replace(lower(var.name), "/[^a-z0-9]+/", ""), 0, 24)
}

resource "azurerm_resource_group" "this" {
  name     = local.name
  location = var.region
  tags     = var.tags
}

resource "azurerm_storage_account" "this" {
  name                            = local.account
  location                        = azurerm_resource_group.this.location
  resource_group_name             = azurerm_resource_group.this.name
  account_tier                    = "Standard"
  account_replication_type        = var.replication
  min_tls_version                 = "TLS1_2"
  allow_nested_items_to_be_public = false
  tags                            = var.tags

  blob_properties {
    versioning_enabled = var.versioning
  }
}

resource "azurerm_storage_container" "this" {
  name                  = "data"
  storage_account_id    = azurerm_storage_account.this.id
  container_access_type = "private"
}
