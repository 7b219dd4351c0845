locals {
  # 3 to 63 of a-z, 0-9 and hyphens, unique in all of Google Cloud.
  bucket = trim(substr(replace(lower(var.name), "/[^a-z0-9-]+/", "-"), 0, 63), "-")

  # Keys and values of labels: up to 63 of a-z, 0-9, hyphen and underscore.
  labels = {
    for key, value in var.tags :
    substr(replace(lower(key), "/[^a-z0-9_-]/", "_"), 0, 63) => substr(replace(lower(value), "/[^a-z0-9_-]/", "_"), 0, 63)
  }
}

resource "google_storage_bucket" "this" {
  name                        = local.bucket
  location                    = var.region
  storage_class               = var.storage_class
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = var.force_destroy
  labels                      = local.labels

  versioning {
    enabled = var.versioning
  }
}
