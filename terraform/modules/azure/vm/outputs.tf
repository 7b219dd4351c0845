output "id" {
  value = azurerm_linux_virtual_machine.this.id
}

output "address" {
  value = azurerm_network_interface.this.private_ip_address
}

output "endpoint" {
  value = var.public ? azurerm_public_ip.this[0].ip_address : azurerm_network_interface.this.private_ip_address
}

output "instance_id" {
  value = azurerm_linux_virtual_machine.this.id
}

output "private_ip" {
  value = azurerm_network_interface.this.private_ip_address
}

# Left out when the machine has none.
output "public_ip" {
  value = one(azurerm_public_ip.this[*].ip_address)
}
