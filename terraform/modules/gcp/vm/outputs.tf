output "id" {
  value = google_compute_instance.this.id
}

output "address" {
  value = google_compute_instance.this.network_interface[0].network_ip
}

output "endpoint" {
  value = var.public ? google_compute_instance.this.network_interface[0].access_config[0].nat_ip : google_compute_instance.this.network_interface[0].network_ip
}
