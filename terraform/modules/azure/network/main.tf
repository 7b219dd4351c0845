locals {
  # Letters, digits and hyphens are allowed in the names of all Azure resources of this module.
  name = trim(substr(replace(var.name, "/[^a-zA-Z0-9-]+/", "-"), 0, 64), "-")
}

resource "azurerm_resource_group" "this" {
  name     = local.name
  location = var.region
  tags     = var.tags
}

resource "azurerm_virtual_network" "this" {
  name                = local.name
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  address_space       = [var.cidr]
  tags                = var.tags
}

resource "azurerm_subnet" "this" {
  name                 = "default"
  resource_group_name  = azurerm_resource_group.this.name
  virtual_network_name = azurerm_virtual_network.this.name
  address_prefixes     = [cidrsubnet(var.cidr, 4, 0)]
}
