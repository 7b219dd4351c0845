output "id" {
  value = azurerm_virtual_network.this.id
}

output "address" {
  value = one(azurerm_virtual_network.this.address_space)
}

# What machines are attached to.
output "endpoint" {
  value = azurerm_subnet.this.id
}
