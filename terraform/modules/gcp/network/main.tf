locals {
  # Up to 63 of a-z, 0-9 and hyphens, beginning with a letter.
  name = trim(substr(replace(lower(var.name), "/[^a-z0-9-]+/", "-"), 0, 63), "-")
}

# Networks of Google Cloud carry no labels.
resource "google_compute_network" "this" {
  name                    = local.name
  description             = join(", ", [for key, value in var.tags : "${key}=${value}"])
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "this" {
  name          = local.name
  region        = var.region
  network       = google_compute_network.this.id
  ip_cidr_range = cidrsubnet(var.cidr, 4, 0)
}
