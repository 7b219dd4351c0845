output "id" {
  value = google_compute_network.this.id
}

output "address" {
  value = var.cidr
}

# What machines are attached to.
output "endpoint" {
  value = google_compute_subnetwork.this.id
}
