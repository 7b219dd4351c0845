output "id" {
  value = azurerm_storage_account.this.id
}

output "address" {
  value = "${azurerm_storage_account.this.name}/${azurerm_storage_container.this.name}"
}

output "endpoint" {
  value = azurerm_storage_account.this.primary_blob_endpoint
}
