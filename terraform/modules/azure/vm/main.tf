locals {
  # Letters, digits and hyphens are allowed in the names of all Azure resources of this module.
  name = trim(substr(replace(var.name, "/[^a-zA-Z0-9-]+/", "-"), 0, 54), "-")

  sizes = { small = "Standard_B1s", medium = "Standard_D2s_v5", large = "Standard_D8s_v5" }
}

resource "azurerm_resource_group" "this" {
  name     = local.name
  location = var.region
  tags     = var.tags
}

resource "azurerm_virtual_network" "this" {
  count               = var.subnet_id == null ? 1 : 0
  name                = local.name
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  address_space       = ["10.0.0.0/24"]
  tags                = var.tags
}

resource "azurerm_subnet" "this" {
  count                = var.subnet_id == null ? 1 : 0
  name                 = local.name
  resource_group_name  = azurerm_resource_group.this.name
  virtual_network_name = azurerm_virtual_network.this[0].name
  address_prefixes     = ["10.0.0.0/25"]
}

resource "azurerm_public_ip" "this" {
  count               = var.public ? 1 : 0
  name                = local.name
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  allocation_method   = "Static"
  sku                 = "Standard"
  tags                = var.tags
}

resource "azurerm_network_interface" "this" {
  name                = local.name
  location            = azurerm_resource_group.this.location
  resource_group_name = azurerm_resource_group.this.name
  tags                = var.tags

  ip_configuration {
    name                          = "primary"
    subnet_id                     = coalesce(var.subnet_id, one(azurerm_subnet.this[*].id))
    private_ip_address_allocation = "Dynamic"
    public_ip_address_id          = one(azurerm_public_ip.this[*].id)
  }
}

resource "azurerm_linux_virtual_machine" "this" {
  name                  = local.name
  location              = azurerm_resource_group.this.location
  resource_group_name   = azurerm_resource_group.this.name
  size                  = lookup(local.sizes, var.size, var.size)
  admin_username        = var.admin_username
  network_interface_ids = [azurerm_network_interface.this.id]
  tags                  = var.tags

  admin_ssh_key {
    username   = var.admin_username
    public_key = var.ssh_public_key
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "StandardSSD_LRS"
    disk_size_gb         = var.disk_gb
  }

  source_image_reference {
    publisher = "Canonical"
    offer     = "ubuntu-24_04-lts"
    sku       = "server"
    version   = "latest"
  }
}
