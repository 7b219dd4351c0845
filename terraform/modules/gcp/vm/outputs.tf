output "id" {
  value = google_compute_instance.this.id
}

output "address" {
  value = google_compute_instance.this.network_interface[0].network_ip
}

output "endpoint" {
  value = var.public ? google_compute_instance.this.network_interface[0].access_config[0].nat_ip : google_compute_instance.this.network_interface[0].network_ip
}

output "instance_id" {
  value = google_compute_instance.this.instance_id
}

output "private_ip" {
  value = google_compute_instance.this.network_interface[0].network_ip
}

# Left out when the machine has none.
output "public_ip" {
  value = var.public ? google_compute_instance.this.network_interface[0].access_config[0].nat_ip : null
}
