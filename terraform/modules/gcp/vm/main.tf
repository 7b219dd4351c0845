locals {
  # Up to 63 of a-z, 0-9 and hyphens, beginning with a letter.
  name = trim(substr(replace(lower(var.name), "/[^a-z0-9-]+/", "-"), 0, 63), "-")

  # Keys and values of labels: up to 63 of a-z, 0-9, hyphen and underscore.
  labels = {
    for key, value in var.tags :
    substr(replace(lower(key), "/[^a-z0-9_-]/", "_"), 0, 63) => substr(replace(lower(value), "/[^a-z0-9_-]/", "_"), 0, 63)
  }

  sizes = { small = "e2-small", medium = "e2-standard-2", large = "e2-standard-8" }
}

resource "google_compute_instance" "this" {
  name         = local.name
  zone         = coalesce(var.zone, "${var.region}-b")
  machine_type = lookup(local.sizes, var.size, var.size)
  labels       = local.labels
  metadata     = var.ssh_public_key == null ? {} : { ssh-keys = var.ssh_public_key }

  # Without it, a change of size would fail on a running machine.
  allow_stopping_for_update = true

  boot_disk {
    initialize_params {
      image = var.image
      size  = var.disk_gb
    }
  }

  network_interface {
    network    = var.subnet_id == null ? "default" : null
    subnetwork = var.subnet_id

    dynamic "access_config" {
      for_each = var.public ? [1] : []
      content {}
    }
  }
}
